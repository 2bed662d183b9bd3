using System.Management.Automation;

namespace Sandbox;

/// <summary>Base of cmdlets that act on processes.</summary>
public abstract class SandboxProcessCommandBase : SandboxTargetCommandBase
{
    /// <summary>The processes: objects, ids, <c>sandbox/process</c>, or patterns.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ParameterSetName = "Process", HelpMessage = "Processes: objects, ids or patterns.")]
    [ReferenceTransformation<ProcessReference>]
    [ArgumentCompleter(typeof(ProcessCompleter))]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    [Alias("Id")]
    public ProcessReference[] Process { get; set; } = [];

    /// <summary>The processes that are meant for the current pipeline object.</summary>
    /// <param name="where">Which of those that a pattern matches count.</param>
    private protected IEnumerable<ProcessTarget> FindTargets(Func<SandboxProcess, bool> where) => this.FindProcessTargets(Process, SandboxesBeside(Process), where);
}
