using Sandbox.Client;
using Sandbox.Protocol;

namespace Sandbox;

/// <summary>A repository that was checked out in a sandbox.</summary>
public sealed class SandboxRepository
{
    internal SandboxRepository(CheckoutResult result, SandboxHandle sandbox)
    {
        SandboxPath = result.Path;
        Uri = result.Uri;
        Branch = result.Branch;
        Commit = result.Commit;
        SandboxId = sandbox.Id;
        SessionId = sandbox.SessionId;
        Server = sandbox.Server;
    }

    /// <summary>The directory it is in.</summary>
    public string SandboxPath { get; }

    /// <summary>The source, without user name and password.</summary>
    public string Uri { get; }

    /// <summary>The branch that is checked out; null when a tag or commit is.</summary>
    public string? Branch { get; }

    /// <summary>The commit that is checked out; null when there is none yet.</summary>
    public string? Commit { get; }

    /// <summary>The id of the sandbox.</summary>
    public string SandboxId { get; }

    /// <summary>The id of the session that provided the directory and variables; null for none.</summary>
    public string? SessionId { get; }

    /// <summary>The address of the server.</summary>
    public string Server { get; }

    /// <inheritdoc />
    public override string ToString() => $"{SandboxId}:{SandboxPath}";
}
