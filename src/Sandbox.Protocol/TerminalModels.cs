namespace Sandbox.Protocol;

/// <summary>A text message of <c>GET …/pty</c>. Binary messages are input and output.</summary>
public sealed record TerminalMessage
{
    /// <summary>One of <see cref="TerminalMessages"/>. Other types are ignored.</summary>
    public required string Type { get; init; }

    /// <summary>Of <c>resize</c>: the width in characters.</summary>
    public int? Cols { get; init; }

    /// <summary>Of <c>resize</c>: the height in lines.</summary>
    public int? Rows { get; init; }

    /// <summary>Of <c>ready</c>: the terminal's id, to re-attach to it.</summary>
    public string? Terminal { get; init; }

    /// <summary>Of <c>ready</c> and <c>gap</c>: the output offset of the next binary message.</summary>
    public long? Offset { get; init; }

    /// <summary>Of <c>exit</c>: the shell's exit code; 128 + n when signal n killed it.</summary>
    public int? Code { get; init; }

    /// <summary>Of <c>exit</c>: the signal that killed it.</summary>
    public string? Signal { get; init; }

    /// <summary>Of <c>error</c>: the message.</summary>
    public string? Message { get; init; }
}

/// <summary>Types of a <see cref="TerminalMessage"/>.</summary>
public static class TerminalMessages
{
    /// <summary>To the client: earlier output has been sent, live output follows.</summary>
    public const string Ready = "ready";

    /// <summary>To the client: it was too slow, so output is missing.</summary>
    public const string Gap = "gap";

    /// <summary>To the client: the shell has exited and all output has been sent. The last message.</summary>
    public const string Exit = "exit";

    /// <summary>To the client: its message was invalid, or there is no terminal.</summary>
    public const string Error = "error";

    /// <summary>From the client: the size of its window. The client that typed last decides.</summary>
    public const string Resize = "resize";
}

/// <summary>The size of a terminal.</summary>
/// <param name="Columns">Its width in characters.</param>
/// <param name="Rows">Its height in lines.</param>
public readonly record struct TerminalSize(int Columns, int Rows)
{
    /// <summary>The default size.</summary>
    public static TerminalSize Default { get; } = new(80, 24);

    /// <summary>Whether the size is valid.</summary>
    public bool IsValid => Columns is > 0 and <= ushort.MaxValue && Rows is > 0 and <= ushort.MaxValue;
}
