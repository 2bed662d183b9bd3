using System.Management.Automation;

namespace Sandbox.Commands;

/// <summary>Removes code contexts and interrupts their code.</summary>
[Cmdlet(VerbsCommon.Remove, "SandboxCodeContext", SupportsShouldProcess = true)]
[OutputType(typeof(void))]
public sealed class RemoveSandboxCodeContextCommand : SandboxCommandBase
{
    /// <summary>The contexts: objects, ids, <c>sandbox/context</c>, or patterns.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, HelpMessage = "Contexts: objects, ids or patterns.")]
    [ReferenceTransformation<ContextReference>]
    [ArgumentCompleter(typeof(ContextCompleter))]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    [Alias("Id")]
    public ContextReference[] Context { get; set; } = [];

    /// <summary>The sandbox: an object or an id. Left out, it is the sandbox <c>default</c>.</summary>
    [Parameter(HelpMessage = "The sandbox: an object or an id.")]
    [ReferenceTransformation<SandboxReference>]
    [ArgumentCompleter(typeof(SandboxCompleter))]
    [ValidateNotNullOrEmpty]
    public SandboxReference[]? Sandbox { get; set; }

    /// <inheritdoc />
    protected override void ProcessRecord() => ForEach(
        this.FindContextTargets(Context, Sandbox),
        "Remove code context",
        (context, token) => context.RemoveAsync(token));
}
