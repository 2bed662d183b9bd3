using Sandbox.Protocol;

namespace Sandbox;

/// <summary>A snapshot of a session.</summary>
public sealed class SandboxSession
{
    internal SandboxSession(SessionInfo info, string sandboxId, string server)
    {
        Id = info.Id;
        SandboxId = sandboxId;
        State = info.State;
        WorkingDirectory = info.Cwd;
        CommandTimeoutSeconds = info.CommandTimeoutMs / 1000.0;
        RunningCommand = info.RunningCommand?.Command;
        CreatedAt = info.CreatedAt;
        Server = server;
    }

    /// <summary>Its key in its sandbox.</summary>
    public string Id { get; }

    /// <summary>Its sandbox.</summary>
    public string SandboxId { get; }

    /// <summary>Whether a command runs in it.</summary>
    public SessionState State { get; }

    /// <summary>The shell's directory after its last command.</summary>
    public string WorkingDirectory { get; }

    /// <summary>The limit for its commands, if it has one.</summary>
    public double? CommandTimeoutSeconds { get; }

    /// <summary>The text of the command that runs, shortened.</summary>
    public string? RunningCommand { get; }

    /// <summary>When it was made.</summary>
    public DateTimeOffset CreatedAt { get; }

    /// <summary>The address of its server.</summary>
    public string Server { get; }

    /// <summary><c>sandbox/session</c>, which is taken wherever a session's id is.</summary>
    public override string ToString() => $"{SandboxId}/{Id}";
}
