using System.Management.Automation;

namespace Sandbox.Commands;

/// <summary>Lists sessions, or finds them by id, also those that another process made.</summary>
[Cmdlet(VerbsCommon.Get, "SandboxSession")]
[OutputType(typeof(SandboxSession))]
public sealed class GetSandboxSessionCommand : SandboxTargetCommandBase
{
    private static readonly SessionReference[] All = [new("*")];

    /// <summary>The ids, patterns, or <c>sandbox/session</c>; a session object is looked up again.</summary>
    [Parameter(Position = 0, ValueFromPipeline = true, HelpMessage = "Ids or patterns.")]
    [ReferenceTransformation<SessionReference>]
    [ArgumentCompleter(typeof(SessionCompleter))]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    public SessionReference[]? Id { get; set; }

    /// <inheritdoc />
    protected override void ProcessRecord()
    {
        foreach (SessionReference reference in Id ?? All)
        {
            Write(this.FindSessions(reference, SandboxesBeside(Id)));
        }
    }
}
