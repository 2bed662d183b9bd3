namespace Sandbox.Protocol;

/// <summary>A text message of <c>GET …/pty</c>; binary messages are what is typed and what is printed.</summary>
public sealed record TerminalMessage
{
    /// <summary>One of <see cref="TerminalMessages"/>. A message of any other type is ignored.</summary>
    public required string Type { get; init; }

    /// <summary>Of <c>resize</c>: the width in characters.</summary>
    public int? Cols { get; init; }

    /// <summary>Of <c>resize</c>: the height in lines.</summary>
    public int? Rows { get; init; }

    /// <summary>Of <c>ready</c>: which terminal it is, to find the same one again.</summary>
    public string? Terminal { get; init; }

    /// <summary>Of <c>ready</c> and <c>gap</c>: how many bytes the terminal had printed before the next binary message.</summary>
    public long? Offset { get; init; }

    /// <summary>Of <c>exit</c>: the shell's exit code; 128 + n when a signal n ended it.</summary>
    public int? Code { get; init; }

    /// <summary>Of <c>exit</c>: the signal that ended it, by name.</summary>
    public string? Signal { get; init; }

    /// <summary>Of <c>error</c>: what was wrong.</summary>
    public string? Message { get; init; }
}

/// <summary>Types of a <see cref="TerminalMessage"/>.</summary>
public static class TerminalMessages
{
    /// <summary>To the client: what was printed before has been sent, what follows is live.</summary>
    public const string Ready = "ready";

    /// <summary>To the client: it was too slow, and output is missing.</summary>
    public const string Gap = "gap";

    /// <summary>To the client: the shell has ended, and all it printed was sent. The last message.</summary>
    public const string Exit = "exit";

    /// <summary>To the client: something it sent was wrong, or there is no terminal.</summary>
    public const string Error = "error";

    /// <summary>From the client: the size of its window. That of whoever typed last counts.</summary>
    public const string Resize = "resize";
}

/// <summary>The size of a terminal.</summary>
/// <param name="Columns">Its width in characters.</param>
/// <param name="Rows">Its height in lines.</param>
public readonly record struct TerminalSize(int Columns, int Rows)
{
    /// <summary>The usual size where none is given.</summary>
    public static TerminalSize Default { get; } = new(80, 24);

    /// <summary>Whether a terminal can have it.</summary>
    public bool IsValid => Columns is > 0 and <= ushort.MaxValue && Rows is > 0 and <= ushort.MaxValue;
}
