using System.Management.Automation;

namespace Sandbox.Commands;

/// <summary>Lists code contexts, or gets them by id. Does not start stopped sandboxes, which have none.</summary>
[Cmdlet(VerbsCommon.Get, "SandboxCodeContext")]
[OutputType(typeof(SandboxCodeContext))]
public sealed class GetSandboxCodeContextCommand : SandboxTargetCommandBase
{
    private static readonly ContextReference[] All = [new("*")];

    /// <summary>The ids, patterns, or <c>sandbox/context</c>; a context object is looked up again.</summary>
    [Parameter(Position = 0, HelpMessage = "Ids or patterns.")]
    [ReferenceTransformation<ContextReference>]
    [ArgumentCompleter(typeof(ContextCompleter))]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    public ContextReference[]? Id { get; set; }

    /// <summary>Only contexts of this language; patterns are allowed.</summary>
    [Parameter(HelpMessage = "Only contexts of this language.")]
    [ArgumentCompleter(typeof(LanguageCompleter))]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    public string? Language { get; set; }

    /// <inheritdoc />
    protected override void ProcessRecord()
    {
        WildcardPattern language = new(Language ?? "*", WildcardOptions.IgnoreCase);
        foreach (ContextReference reference in Id ?? All)
        {
            Write(this.FindContexts(reference, Sandbox).Where(context => language.IsMatch(context.Language)));
        }
    }
}
