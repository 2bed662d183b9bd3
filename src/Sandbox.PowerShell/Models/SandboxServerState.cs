namespace Sandbox;

/// <summary>Whether a server runs.</summary>
public enum SandboxServerState
{
    /// <summary>It responds.</summary>
    Running,

    /// <summary>It does not run; the first cmdlet that needs it starts it.</summary>
    Stopped,
}
