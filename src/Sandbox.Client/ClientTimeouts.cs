namespace Sandbox.Client;

/// <summary>The time limits the client keeps. The fourth, a command's own, is part of its request and kept in the sandbox.</summary>
public sealed record ClientTimeouts
{
    /// <summary>The usual limits.</summary>
    public static ClientTimeouts Default { get; } = new();

    /// <summary>From the first attempt to reach the server to a connection.</summary>
    public TimeSpan Connect { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>From a request to its whole answer; for a command, to the beginning of its stream.</summary>
    public TimeSpan Request { get; init; } = TimeSpan.FromSeconds(100);

    /// <summary>The longest silence of a stream; servers send heartbeats far more often.</summary>
    public TimeSpan Idle { get; init; } = TimeSpan.FromSeconds(90);

    /// <summary>For how long a broken stream is tried to be taken up again, from the last thing received; zero for not at all. What it tells of goes on meanwhile.</summary>
    public TimeSpan Resume { get; init; } = TimeSpan.FromSeconds(30);
}
