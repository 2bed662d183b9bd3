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
    protected override void ProcessRecord() => ForEach(this.FindSessionTargets(Session, SandboxesBeside(Session)), "Remove session", async (target, token) =>
    {
        SessionDeleted answer = await target.UseAsync(session => session.RemoveSessionAsync(token), token);
        return AsResult ? new SandboxSessionRemoval(answer) : (object?)null;
    });
}
