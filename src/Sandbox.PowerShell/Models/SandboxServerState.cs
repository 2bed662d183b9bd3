namespace Sandbox;

/// <summary>The state of a server.</summary>
public enum SandboxServerState
{
    /// <summary>It responds.</summary>
    Running,

    /// <summary>It does not run; the first cmdlet that needs it starts it.</summary>
    Stopped,
}
