using Sandbox.Client;
using Sandbox.Protocol;

namespace Sandbox;

/// <summary>A snapshot of a session.</summary>
public sealed class SandboxSession
{
    internal SandboxSession(SessionInfo info, SandboxHandle sandbox)
    {
        Id = info.Id;
        SandboxId = sandbox.Id;
        State = info.State;
        WorkingDirectory = info.Cwd;
        CommandTimeoutSeconds = info.CommandTimeoutMs / 1000.0;
        RunningCommand = info.RunningCommand?.Command;
        CreatedAt = info.CreatedAt;
        Server = sandbox.Server;
    }

    /// <summary>The id, unique in the sandbox.</summary>
    public string Id { get; }

    /// <summary>The id of the sandbox.</summary>
    public string SandboxId { get; }

    /// <summary>Whether a command is running in it.</summary>
    public SessionState State { get; }

    /// <summary>The shell's directory after its last command.</summary>
    public string WorkingDirectory { get; }

    /// <summary>The timeout of a command in seconds; null for none.</summary>
    public double? CommandTimeoutSeconds { get; }

    /// <summary>The running command, shortened; null for none.</summary>
    public string? RunningCommand { get; }

    /// <summary>The time of creation.</summary>
    public DateTimeOffset CreatedAt { get; }

    /// <summary>The address of the server.</summary>
    public string Server { get; }

    /// <summary>Returns <c>sandbox/session</c>, which is accepted wherever the id of a session is.</summary>
    public override string ToString() => $"{SandboxId}/{Id}";
}
