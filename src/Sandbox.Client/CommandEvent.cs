using Sandbox.Protocol;

namespace Sandbox.Client;

/// <summary>Something a running command did. How it travelled is not part of it.</summary>
public abstract class CommandEvent
{
    private protected CommandEvent()
    {
    }
}

/// <summary>The command wrote bytes.</summary>
/// <param name="channel">Where to.</param>
/// <param name="data">The bytes, exactly.</param>
public sealed class CommandOutput(OutputChannel channel, ReadOnlyMemory<byte> data) : CommandEvent
{
    /// <summary>Where the bytes were written.</summary>
    public OutputChannel Channel { get; } = channel;

    /// <summary>The bytes.</summary>
    public ReadOnlyMemory<byte> Data { get; } = data;
}

/// <summary>The command ended; nothing follows.</summary>
/// <param name="exit">How.</param>
public sealed class CommandExit(ExecExit exit) : CommandEvent
{
    /// <summary>How it ended.</summary>
    public ExecExit Exit { get; } = exit;
}

/// <summary>All that the command has written so far has been told; it still runs, and nothing follows because nobody asked to wait.</summary>
public sealed class EndOfAvailableOutput : CommandEvent;

/// <summary>Output that was not kept: what follows begins behind it.</summary>
/// <param name="next">Where that is.</param>
public sealed class OutputGap(OutputCursor next) : CommandEvent
{
    /// <summary>Where what follows begins.</summary>
    public OutputCursor Next { get; } = next;

    /// <summary>How many bytes are missing, of both streams.</summary>
    public long Missing { get; internal init; }
}

/// <summary>The channels a command writes to.</summary>
public enum OutputChannel
{
    /// <summary>Standard output.</summary>
    Output,

    /// <summary>Standard error.</summary>
    Error,
}
