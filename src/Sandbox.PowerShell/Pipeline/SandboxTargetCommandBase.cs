using System.Management.Automation;
using Sandbox.Client;

namespace Sandbox;

/// <summary>Base of cmdlets that act on sessions or sandboxes.</summary>
public abstract class SandboxTargetCommandBase : SandboxCommandBase
{
    private static readonly string[] MemberParameters = ["Session", "Process", "Id"];

    private bool _sandboxIsNamed;
    private bool _memberIsNamed;

    /// <summary>The sandbox: an object or an id. Left out, it is the sandbox <c>default</c>, which is made on first use.</summary>
    [Parameter(ValueFromPipeline = true, HelpMessage = "The sandbox: an object or an id.")]
    [ReferenceTransformation<SandboxReference>]
    [ArgumentCompleter(typeof(SandboxCompleter))]
    [ValidateNotNullOrEmpty]
    public SandboxReference[]? Sandbox { get; set; }

    /// <summary>The sandboxes for the current pipeline object.</summary>
    /// <param name="members">The sessions or processes bound for it.</param>
    internal SandboxReference[]? SandboxesBeside(ResourceReference[]? members) =>
        // A piped string binds to both parameters; it is a session's or process's id.
        _sandboxIsNamed || members is null || !MyInvocation.ExpectingInput || _memberIsNamed ? Sandbox : null;

    /// <inheritdoc />
    protected override void BeginProcessing()
    {
        _sandboxIsNamed = MyInvocation.BoundParameters.ContainsKey(nameof(Sandbox));
        _memberIsNamed = MemberParameters.Any(MyInvocation.BoundParameters.ContainsKey);
    }
}

/// <summary>Base of cmdlets that act in sessions, or in sandboxes without one.</summary>
public abstract class SandboxSessionCommandBase : SandboxTargetCommandBase
{
    /// <summary>The sessions: objects, ids, or <c>sandbox/session</c>. Default: the session <c>default</c> of the sandbox if it has one,
    /// else the sandbox.</summary>
    [Parameter(ValueFromPipeline = true, HelpMessage = "Sessions: objects or ids.")]
    [ReferenceTransformation<SessionReference>]
    [ArgumentCompleter(typeof(SessionCompleter))]
    [ValidateNotNullOrEmpty]
    public SessionReference[]? Session { get; set; }

    /// <summary>The targets for the current pipeline object.</summary>
    private protected IEnumerable<SandboxTarget> Targets => this.Resolve(Session, SandboxesBeside(Session));
}

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

    /// <summary>The processes for the current pipeline object.</summary>
    /// <param name="where">Which of those that a pattern matches count.</param>
    private protected IEnumerable<ProcessHandle> FindTargets(Func<SandboxProcess, bool> where) =>
        this.FindProcessTargets(Process, SandboxesBeside(Process), where);
}

/// <summary>Base of cmdlets that act on sandboxes as a whole.</summary>
public abstract class WholeSandboxCommandBase : SandboxCommandBase
{
    /// <summary>The sandboxes: objects, ids or patterns.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, HelpMessage = "Sandboxes: objects, ids or patterns.")]
    [ReferenceTransformation<SandboxReference>]
    [ArgumentCompleter(typeof(SandboxCompleter))]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    [Alias("Id")]
    public SandboxReference[] Sandbox { get; set; } = [];

    /// <summary>The sandboxes for the current pipeline object.</summary>
    private protected IEnumerable<SandboxTarget> Targets => this.FindSandboxTargets(Sandbox);
}
