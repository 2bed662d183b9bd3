using System.Management.Automation;
using Sandbox.Protocol;

namespace Sandbox.Commands;

/// <summary>Streams the changes at a path of a sandbox until it is stopped or the path is removed.</summary>
[Cmdlet(VerbsCommon.Watch, "SandboxItem", DefaultParameterSetName = PathSet)]
[OutputType(typeof(SandboxItemChange))]
public sealed class WatchSandboxItemCommand : SandboxItemCommandBase
{
    /// <summary>A directory or file in the sandbox. Default: the directory of the session.</summary>
    [Parameter(Position = 0, ParameterSetName = PathSet, HelpMessage = "A directory or file in the sandbox.")]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(PathCompleter))]
    public string[]? Path { get; set; }

    /// <summary>Watches subdirectories too.</summary>
    [Parameter(HelpMessage = "Watches subdirectories too.")]
    public SwitchParameter Recurse { get; set; }

    /// <summary>A wildcard pattern for names, applied in the sandbox.</summary>
    [Parameter(HelpMessage = "A wildcard pattern for names.")]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    public string? Filter { get; set; }

    /// <summary>Patterns of what is left out, by the rules of .gitignore: of names at any depth, or, with a slash, of paths from the directory that is
    /// watched.</summary>
    [Parameter(HelpMessage = "Patterns to exclude, as in .gitignore.")]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    public string[]? Exclude { get; set; }

    /// <summary>Local files with such patterns, one a line, as .gitignore itself.</summary>
    [Parameter(HelpMessage = "Local files with patterns to exclude, such as .gitignore.")]
    [ValidateNotNullOrEmpty]
    public string[]? ExcludeFrom { get; set; }

    /// <inheritdoc />
    protected override void ProcessRecord()
    {
        RemotePath[] paths = [.. RemotePaths(Path ?? ["."], hidden: true)];
        if (paths.Length > 1)
        {
            ThrowTerminatingError(Errors.InvalidArgument(
                "Only one path can be watched at a time. Watch the parent directory with -Recurse and select names with -Filter.", null));
        }

        foreach (RemotePath remote in paths)
        {
            TryRun(remote.Display, () => Watch(remote));
        }
    }

    private void Watch(RemotePath remote)
    {
        string? filter = Filter is null ? null : ItemPattern.ToServer(Filter);
        Excludes excludes = Excludes.Read(this, Exclude, ExcludeFrom);
        foreach (FileChange? change in this.Enumerate(token => remote.WatchAsync(Recurse, filter, excludes.Texts, token)))
        {
            if (change is null)
            {
                WriteVerbose($"Watching '{remote.Display}' in '{remote.Target}'.");
                continue;
            }

            if (change.Type == FileChangeType.Overflow)
            {
                WriteWarning($"Too many changes in '{remote.Display}': some were lost. List the directory again.");
            }

            WriteObject(new SandboxItemChange(change, remote.Target));
        }
    }
}
