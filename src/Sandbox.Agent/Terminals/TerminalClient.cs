using Sandbox.Protocol;

namespace Sandbox.Agent.Terminals;

/// <summary>A client of a terminal.</summary>
internal sealed class TerminalClient
{
    private long _position;

    /// <param name="size">The size of its window; null when it is not known.</param>
    /// <param name="mayControl">Whether the client may type.</param>
    public TerminalClient(TerminalSize? size, long position, bool mayControl)
    {
        Size = size;
        _position = position;
        MayControl = mayControl;
    }

    /// <summary>The size of its window, if known.</summary>
    public TerminalSize? Size { get; set; }

    /// <summary>Whether it may type.</summary>
    public bool MayControl { get; }

    /// <summary>The offset of the first byte it has not received.</summary>
    public long Position
    {
        get => Volatile.Read(ref _position);
        set => Volatile.Write(ref _position, value);
    }
}
