using System.Management.Automation;
using Sandbox.Protocol;

namespace Sandbox.Commands;

/// <summary>Removes sessions and stops what runs in them.</summary>
[Cmdlet(VerbsCommon.Remove, "SandboxSession", SupportsShouldProcess = true)]
[OutputType(typeof(SandboxSessionRemoval))]
public sealed class RemoveSandboxSessionCommand : SandboxTargetCommandBase
{
    /// <summary>The sessions: objects, ids, <c>sandbox/session</c>, or patterns.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, HelpMessage = "Sessions: objects, ids or patterns.")]
    [ReferenceTransformation<SessionReference>]
    [ArgumentCompleter(typeof(SessionCompleter))]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    [Alias("Id")]
    public SessionReference[] Session { get; set; } = [];

    /// <summary>Returns the result of the removal: Success, SessionId, Timestamp.</summary>
    [Parameter(HelpMessage = "Returns the result of the removal.")]
    public SwitchParameter AsResult { get; set; }

    /// <inheritdoc />
    protected override void ProcessRecord()
    {
        SandboxReference[]? sandboxes = SandboxesBeside(Session);
        foreach (SessionReference reference in Session)
        {
            // A pattern is looked up first, and completely, before anything is removed.
            IEnumerable<SandboxTarget> targets = reference.IsPattern || sandboxes?.Any(sandbox => sandbox.IsPattern) == true
                ? this.Resolve([.. this.FindSessions(reference, sandboxes).Select(session => new SessionReference(session))], null)
                : this.Resolve([reference], sandboxes);
            foreach (SandboxTarget target in targets)
            {
                Remove(target);
            }
        }
    }

    private void Remove(SandboxTarget target)
    {
        if (ShouldProcess(target.ToString(), "Remove session")
            && TryInvoke(target.ToString(),
                token => target.UseAsync(() => target.Client.RemoveSessionAsync(target.SandboxId, target.SessionId!, token), token), out SessionDeleted? answer)
            && AsResult)
        {
            WriteObject(new SandboxSessionRemoval(answer));
        }
    }
}
