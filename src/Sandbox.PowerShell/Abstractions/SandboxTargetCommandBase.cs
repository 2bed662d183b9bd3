using System.Management.Automation;

namespace Sandbox;

/// <summary>Cmdlets that do something to sessions or sandboxes, named or from the pipeline.</summary>
public abstract class SandboxTargetCommandBase : SandboxCommandBase
{
    private bool _sandboxIsNamed;

    /// <summary>The sandbox: an object or an id. Left out, it is the sandbox <c>default</c>, which is made on first use.</summary>
    [Parameter(ValueFromPipeline = true, HelpMessage = "The sandbox: an object or an id.")]
    [SandboxTransformation]
    [ArgumentCompleter(typeof(SandboxCompleter))]
    [ValidateNotNullOrEmpty]
    public SandboxReference[]? Sandbox { get; set; }

    /// <summary>The sandboxes that count for the current pipeline object.</summary>
    /// <param name="session">The sessions bound for it.</param>
    internal SandboxReference[]? SandboxesBeside(SessionReference[]? session) =>
        // A piped string binds to both parameters; it is a session's id.
        _sandboxIsNamed || session is null || !MyInvocation.ExpectingInput || SessionIsNamed ? Sandbox : null;

    /// <summary>Whether sessions were named, not piped.</summary>
    private protected bool SessionIsNamed { get; private set; }

    /// <inheritdoc />
    protected override void BeginProcessing()
    {
        _sandboxIsNamed = MyInvocation.BoundParameters.ContainsKey(nameof(Sandbox));
        SessionIsNamed = MyInvocation.BoundParameters.ContainsKey("Session") || MyInvocation.BoundParameters.ContainsKey("Id");
    }
}
