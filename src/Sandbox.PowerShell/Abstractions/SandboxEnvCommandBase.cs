using System.Management.Automation;

namespace Sandbox;

/// <summary>Base of cmdlets for environment variables of sessions or sandboxes.</summary>
public abstract class SandboxEnvCommandBase : SandboxTargetCommandBase
{
    /// <summary>The sessions: objects, ids, or <c>sandbox/session</c>. Left out, it is the sandbox's session <c>default</c> where it has one, else the sandbox itself.</summary>
    [Parameter(ValueFromPipeline = true, HelpMessage = "Sessions: objects or ids.")]
    [ReferenceTransformation<SessionReference>]
    [ArgumentCompleter(typeof(SessionCompleter))]
    [ValidateNotNullOrEmpty]
    public SessionReference[]? Session { get; set; }

    /// <summary>The places whose variables are meant.</summary>
    internal IEnumerable<SandboxTarget> Targets => this.Resolve(Session, SandboxesBeside(Session));

    /// <summary>Returns the target, or the session <c>default</c> of a sandbox that has one.</summary>
    /// <param name="target">The place.</param>
    /// <param name="cancellationToken">Cancels the request.</param>
    internal static async Task<SandboxTarget> ToDefaultSessionAsync(SandboxTarget target, CancellationToken cancellationToken) =>
        target.SessionId is null && (await target.Client.GetSandboxAsync(target.SandboxId, cancellationToken)).DefaultSession
            ? new SandboxTarget(target.Client, target.SandboxId, SandboxTarget.DefaultId)
            : target;
}
