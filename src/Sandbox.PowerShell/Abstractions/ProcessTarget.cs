using Sandbox.Client;
using Sandbox.Protocol;

namespace Sandbox;

/// <summary>A process of a sandbox, by id; it may not exist.</summary>
/// <param name="Place">Its sandbox.</param>
/// <param name="Id">Its id.</param>
internal sealed record ProcessTarget(Target Place, string Id)
{
    /// <summary>Its server's client.</summary>
    public SandboxClient Client => Place.Client;

    /// <summary>Its sandbox.</summary>
    public string SandboxId => Place.SandboxId;

    /// <summary>The object for it.</summary>
    /// <param name="info">What the server says.</param>
    /// <param name="matchedLine">The line that was waited for.</param>
    public SandboxProcess ToObject(ProcessInfo info, string? matchedLine = null) => new(info, SandboxId, Client.Server, matchedLine);

    /// <inheritdoc />
    public override string ToString() => $"{SandboxId}/{Id}";
}
