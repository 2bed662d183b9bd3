using System.Management.Automation;
using Sandbox.Protocol;

namespace Sandbox.Commands;

/// <summary>Lists processes of sandboxes, or finds them by id, also those that another shell started.</summary>
[Cmdlet(VerbsCommon.Get, "SandboxProcess")]
[OutputType(typeof(SandboxProcess))]
public sealed class GetSandboxProcessCommand : SandboxTargetCommandBase
{
    private static readonly ProcessReference[] All = [new("*")];

    private bool _sessionIsNamed;

    /// <summary>The ids, patterns, or <c>sandbox/process</c>; a process object is looked up again.</summary>
    [Parameter(Position = 0, ValueFromPipeline = true, HelpMessage = "Ids or patterns.")]
    [ReferenceTransformation<ProcessReference>]
    [ArgumentCompleter(typeof(ProcessCompleter))]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    public ProcessReference[]? Id { get; set; }

    /// <summary>Only those that started with the directory and variables of these sessions.</summary>
    [Parameter(ValueFromPipeline = true, HelpMessage = "Only processes of these sessions.")]
    [ReferenceTransformation<SessionReference>]
    [ArgumentCompleter(typeof(SessionCompleter))]
    [ValidateNotNullOrEmpty]
    public SessionReference[]? Session { get; set; }

    /// <summary>Only processes with this status.</summary>
    [Parameter(HelpMessage = "Only processes with this status.")]
    [ValidateNotNullOrEmpty]
    public ProcessState[]? State { get; set; }

    /// <summary>Includes commands whose output is retained.</summary>
    [Parameter(HelpMessage = "Includes commands whose output is retained.")]
    public SwitchParameter IncludeCommand { get; set; }

    /// <inheritdoc />
    protected override void BeginProcessing()
    {
        base.BeginProcessing();
        _sessionIsNamed = MyInvocation.BoundParameters.ContainsKey(nameof(Session));
    }

    /// <inheritdoc />
    protected override void ProcessRecord()
    {
        // A piped string binds to all three parameters; it is a process's id.
        bool sessionCounts = Session is not null && (Id is null || _sessionIsNamed);
        foreach (ProcessReference reference in Id ?? All)
        {
            IEnumerable<SandboxProcess> found = sessionCounts
                ? this.Resolve(Session, SandboxesBeside(Session)).SelectMany(session => this.FindProcesses(
                    reference, [new SandboxReference(session.SandboxId) { Server = session.Sandbox.Server }], IncludeCommand)
                    .Where(process => process.SessionId == session.SessionId))
                : this.FindProcesses(reference, SandboxesBeside(Id), IncludeCommand);
            Write(found.Where(process => State is null || State.Contains(process.State)));
        }
    }
}
