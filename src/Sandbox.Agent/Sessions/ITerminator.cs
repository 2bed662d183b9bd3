namespace Sandbox.Agent.Sessions;

/// <summary>A way to end a running command with everything it started.</summary>
internal interface ITerminator
{
    /// <summary>Goes to KILL without further waiting.</summary>
    void Escalate();

    /// <summary>Stops the command.</summary>
    /// <returns>How it ended.</returns>
    Task<Outcome> StopAsync();
}
