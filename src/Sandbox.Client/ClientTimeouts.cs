namespace Sandbox.Client;

/// <summary>Timeouts enforced by the client. The timeout of a command is part of its request and enforced in the sandbox.</summary>
public sealed record ClientTimeouts
{
    /// <summary>The default timeouts.</summary>
    public static ClientTimeouts Default { get; } = new();

    /// <summary>Limit for establishing a connection.</summary>
    public TimeSpan Connect { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Limit from a request to its whole response; for a command, to the beginning of its stream.</summary>
    public TimeSpan Request { get; init; } = TimeSpan.FromSeconds(100);

    /// <summary>Limit for a stream without data. Servers send heartbeats far more often.</summary>
    public TimeSpan Idle { get; init; } = TimeSpan.FromSeconds(90);

    /// <summary>How long to retry after a connection has failed; zero for no retries. A command keeps running meanwhile.</summary>
    public TimeSpan Resume { get; init; } = TimeSpan.FromSeconds(30);
}
