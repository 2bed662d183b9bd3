namespace Sandbox;

/// <summary>Whether a server runs.</summary>
public enum SandboxServerState
{
    /// <summary>It answers.</summary>
    Running,

    /// <summary>It does not run; the first cmdlet that needs it starts it.</summary>
    Stopped,
}
