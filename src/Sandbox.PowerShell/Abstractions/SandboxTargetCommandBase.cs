using System.Management.Automation;

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

    /// <summary>The sandboxes that count for the current pipeline object.</summary>
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
