using Sandbox.Protocol;

namespace Sandbox.Client;

/// <summary>An event of a running command, independent of the stream format.</summary>
public abstract class CommandEvent
{
    private protected CommandEvent()
    {
    }
}

/// <summary>Output of the command.</summary>
/// <param name="channel">The channel.</param>
/// <param name="data">The bytes.</param>
public sealed class CommandOutput(OutputChannel channel, ReadOnlyMemory<byte> data) : CommandEvent
{
    /// <summary>Where the bytes were written.</summary>
    public OutputChannel Channel { get; } = channel;

    /// <summary>The bytes.</summary>
    public ReadOnlyMemory<byte> Data { get; } = data;
}

/// <summary>The end of the command, always the last event.</summary>
/// <param name="exit">The exit status.</param>
public sealed class CommandExit(ExecExit exit) : CommandEvent
{
    /// <summary>The exit status.</summary>
    public ExecExit Exit { get; } = exit;
}

/// <summary>The end of the output available now. The command still runs; the last event unless the reader follows it.</summary>
public sealed class EndOfAvailableOutput : CommandEvent;

/// <summary>A gap: output that was discarded before it was read.</summary>
/// <param name="next">The cursor after the gap.</param>
public sealed class OutputGap(OutputCursor next) : CommandEvent
{
    /// <summary>The cursor after the gap.</summary>
    public OutputCursor Next { get; } = next;

    /// <summary>The number of missing bytes of both streams.</summary>
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
