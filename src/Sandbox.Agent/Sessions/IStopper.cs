namespace Sandbox.Agent.Sessions;

/// <summary>A way to end a running command with everything it started.</summary>
internal interface IStopper
{
    /// <summary>Goes to KILL without further waiting.</summary>
    void Hurry();

    /// <summary>Stops the command.</summary>
    /// <returns>How it ended.</returns>
    Task<Outcome> StopAsync();
}
