using Sandbox.Protocol;

namespace Sandbox.Agent.Terminals;

/// <summary>Someone who looks at a terminal, and may type.</summary>
internal sealed class TerminalClient
{
    private long _position;

    /// <summary>Begins to look.</summary>
    /// <param name="size">The size of its window; null when it did not say.</param>
    /// <param name="position">The first byte it has not seen.</param>
    /// <param name="mayControl">Whether it does more than look.</param>
    public TerminalClient(TerminalSize? size, long position, bool mayControl)
    {
        Size = size;
        _position = position;
        MayControl = mayControl;
    }

    /// <summary>The size of its window, as far as is known.</summary>
    public TerminalSize? Size { get; set; }

    /// <summary>Whether it does more than look.</summary>
    public bool MayControl { get; }

    /// <summary>The first byte it has not seen.</summary>
    public long Position
    {
        get => Volatile.Read(ref _position);
        set => Volatile.Write(ref _position, value);
    }
}
