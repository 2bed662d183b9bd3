using Sandbox.Protocol;

namespace Sandbox;

/// <summary>A repository that was checked out in a sandbox.</summary>
public sealed class SandboxRepository
{
    internal SandboxRepository(CheckoutResult result, SandboxTarget place)
    {
        SandboxPath = result.Path;
        Uri = result.Uri;
        Branch = result.Branch;
        Commit = result.Commit;
        SandboxId = place.SandboxId;
        SessionId = place.SessionId;
        Server = place.Client.Server;
    }

    /// <summary>The directory it is in.</summary>
    public string SandboxPath { get; }

    /// <summary>Where it came from, without name and password.</summary>
    public string Uri { get; }

    /// <summary>The branch that is checked out; null when a tag or commit is.</summary>
    public string? Branch { get; }

    /// <summary>The commit that is checked out; null when there is none yet.</summary>
    public string? Commit { get; }

    /// <summary>Its sandbox.</summary>
    public string SandboxId { get; }

    /// <summary>The session whose directory and environment counted; null when none was named.</summary>
    public string? SessionId { get; }

    /// <summary>The address of its server.</summary>
    public string Server { get; }

    /// <inheritdoc />
    public override string ToString() => $"{SandboxId}:{SandboxPath}";
}
