using System.Management.Automation;
using Sandbox.Client;
using Sandbox.Protocol;

namespace Sandbox.Commands;

/// <summary>Lists the content of directories of sandboxes.</summary>
[Cmdlet(VerbsCommon.Get, "SandboxChildItem", DefaultParameterSetName = PathSet)]
[OutputType(typeof(SandboxItem))]
public sealed class GetSandboxChildItemCommand : SandboxItemCommandBase
{
    private static readonly string[] Here = ["."];

    private Excludes _excludes = null!;

    /// <summary>The directories. Default: the directory of the session. Wildcard matches are returned themselves.</summary>
    [Parameter(Position = 0, ParameterSetName = PathSet, HelpMessage = "Directories in the sandbox.")]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(PathCompleter))]
    public string[]? Path { get; set; }

    /// <summary>Includes subdirectories.</summary>
    [Parameter(HelpMessage = "Includes subdirectories.")]
    public SwitchParameter Recurse { get; set; }

    /// <summary>Number of directory levels to list.</summary>
    [Parameter(HelpMessage = "Number of directory levels to list.")]
    [ValidateRange(0, int.MaxValue)]
    public int? Depth { get; set; }

    /// <summary>A wildcard pattern for names, applied in the sandbox.</summary>
    [Parameter(HelpMessage = "A wildcard pattern for names.")]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    public string? Filter { get; set; }

    /// <summary>Patterns of what is left out, by the rules of .gitignore: of names at any depth, or, with a slash, of paths from the directory that is
    /// listed.</summary>
    [Parameter(HelpMessage = "Patterns to exclude, as in .gitignore.")]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    public string[]? Exclude { get; set; }

    /// <summary>Local files with such patterns, one a line, as .gitignore itself.</summary>
    [Parameter(HelpMessage = "Local files with patterns to exclude, such as .gitignore.")]
    [ValidateNotNullOrEmpty]
    public string[]? ExcludeFrom { get; set; }

    /// <summary>Lists files, and what is neither file nor directory. A link to a directory is not listed.</summary>
    [Parameter(HelpMessage = "Lists files only.")]
    public SwitchParameter File { get; set; }

    /// <summary>Lists directories, and links to directories.</summary>
    [Parameter(HelpMessage = "Lists directories only.")]
    public SwitchParameter Directory { get; set; }

    /// <summary>Lists also names that begin with a dot.</summary>
    [Parameter(HelpMessage = "Includes hidden items.")]
    public SwitchParameter Force { get; set; }

    /// <inheritdoc />
    protected override void BeginProcessing()
    {
        base.BeginProcessing();
        _excludes = Excludes.Read(this, Exclude, ExcludeFrom);
    }

    /// <inheritdoc />
    protected override void ProcessRecord()
    {
        foreach (string path in ParameterSetName == PathSet ? Path ?? Here : [""])
        {
            // A wildcard match is returned itself, even if it is a directory.
            if (ParameterSetName == PathSet && ItemPattern.IsPattern(path))
            {
                foreach ((RemotePath remote, FileEntry entry) in Items([path], Force))
                {
                    if (_excludes.Has(entry.Name(), entry.Type == FileKind.Directory, isMatch: true))
                    {
                        continue;
                    }

                    Write(entry, remote);
                    if (Recurse && entry.Type == FileKind.Directory)
                    {
                        TryRun(remote.Display, () => List(remote, ExcludeRoot.Parent));
                    }
                }
            }
            else
            {
                foreach (RemotePath remote in RemotePaths([path], Force))
                {
                    TryRun(remote.Display, () => List(remote, ExcludeRoot.Directory));
                }
            }
        }
    }

    private void List(RemotePath remote, ExcludeRoot root)
    {
        ListOptions options = new()
        {
            Recursive = Recurse,
            Depth = Depth,
            Filter = Filter is null ? null : ItemPattern.ToServer(Filter),
            Hidden = Force,
            Excludes = _excludes.Texts,
            Root = root,
        };
        try
        {
            foreach (FileEntry entry in this.Enumerate(token => remote.ListAsync(options, token)))
            {
                Write(entry, remote);
            }
        }
        catch (ApiException e) when (e.Code == ErrorCodes.NotADirectory && Wait(token => remote.TryGetAsync(follow: false, token)) is { } file)
        {
            Write(file, remote);
        }
    }

    private void Write(FileEntry entry, RemotePath remote)
    {
        if ((!File || !entry.IsContainer()) && (!Directory || entry.IsContainer()))
        {
            WriteObject(new SandboxItem(entry, remote.Target));
        }

        if (entry is { Error: { } sentence, ErrorCode: { } code })
        {
            Report(new ApiException(code, sentence), entry.Path);
        }
    }
}
