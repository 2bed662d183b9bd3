using Sandbox.Protocol;

namespace Sandbox.Client;

/// <summary>Options of a terminal connection.</summary>
public sealed record TerminalRequest
{
    /// <summary>The size of the window.</summary>
    public TerminalSize Size { get; init; } = TerminalSize.Default;

    /// <summary>The shell to start, by path or name, when there is no terminal yet; bash when null.</summary>
    public string? Shell { get; init; }

    /// <summary>The terminal type of the user (<c>TERM</c>).</summary>
    public string? Type { get; init; }

    /// <summary>The id of the terminal to re-attach to; null for any.</summary>
    public string? Terminal { get; init; }

    /// <summary>The output offset to start from; null for all retained output.</summary>
    public long? Offset { get; init; }
}
