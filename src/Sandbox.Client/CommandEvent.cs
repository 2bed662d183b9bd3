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

/// <summary>The channels a command writes to.</summary>
public enum OutputChannel
{
    /// <summary>Standard output.</summary>
    Output,

    /// <summary>Standard error.</summary>
    Error,
}
