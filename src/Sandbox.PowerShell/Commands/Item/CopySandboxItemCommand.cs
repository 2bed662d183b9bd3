using System.Management.Automation;

namespace Sandbox.Commands;

/// <summary>Copies files and directories to, from, within or between sandboxes: into an existing directory, otherwise to exactly the
/// destination path.</summary>
[Cmdlet(VerbsCommon.Copy, "SandboxItem", SupportsShouldProcess = true, DefaultParameterSetName = "Path")]
[OutputType(typeof(SandboxItem), typeof(FileSystemInfo))]
public sealed class CopySandboxItemCommand : SandboxCommandBase
{
    /// <summary>The items to copy: local paths with -ToSession or -ToSandbox, otherwise paths in the sandbox.</summary>
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = "Path", HelpMessage = "The items to copy.")]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(CopyPathCompleter))]
    public string[]? Path { get; set; }

    /// <summary>The items to copy, without wildcards. Local files can be piped.</summary>
    [Parameter(
        Mandatory = true, ValueFromPipelineByPropertyName = true, ParameterSetName = "LiteralPath", HelpMessage = "The items to copy, without wildcards.")]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(CopyPathCompleter))]
    [Alias("FullName")]
    public string[]? LiteralPath { get; set; }

    /// <summary>Items of sandboxes.</summary>
    [Parameter(Mandatory = true, ValueFromPipeline = true, ParameterSetName = "Item", HelpMessage = "Items of sandboxes.")]
    [ReferenceTransformation<SandboxItemReference>]
    [ValidateNotNullOrEmpty]
    public SandboxItemReference[]? Item { get; set; }

    /// <summary>An existing directory, or the path of the copy. Default: the current local directory, or the directory of the session.</summary>
    [Parameter(Position = 1, HelpMessage = "An existing directory, or the path of the copy.")]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(CopyDestinationCompleter))]
    public string Destination { get; set; } = ".";

    /// <summary>Copies into the sandboxes of these sessions; relative paths start from their directories.</summary>
    [Parameter(HelpMessage = "Sessions to copy to.")]
    [ReferenceTransformation<SessionReference>]
    [ArgumentCompleter(typeof(SessionCompleter))]
    [ValidateNotNullOrEmpty]
    public SessionReference[]? ToSession { get; set; }

    /// <summary>Copies out of the sandbox of this session.</summary>
    [Parameter(HelpMessage = "The session to copy from.")]
    [ReferenceTransformation<SessionReference>]
    [ArgumentCompleter(typeof(SessionCompleter))]
    [ValidateNotNullOrEmpty]
    public SessionReference[]? FromSession { get; set; }

    /// <summary>Copies into these sandboxes.</summary>
    [Parameter(HelpMessage = "Sandboxes to copy to.")]
    [ReferenceTransformation<SandboxReference>]
    [ArgumentCompleter(typeof(SandboxCompleter))]
    [ValidateNotNullOrEmpty]
    public SandboxReference[]? ToSandbox { get; set; }

    /// <summary>Copies out of this sandbox.</summary>
    [Parameter(HelpMessage = "The sandbox to copy from.")]
    [ReferenceTransformation<SandboxReference>]
    [ArgumentCompleter(typeof(SandboxCompleter))]
    [ValidateNotNullOrEmpty]
    public SandboxReference[]? FromSandbox { get; set; }

    /// <summary>Copies directories with their content.</summary>
    [Parameter(HelpMessage = "Copies directories with their content.")]
    public SwitchParameter Recurse { get; set; }

    /// <summary>Patterns to exclude: of names, or, with a slash, of paths from the directory that is copied.</summary>
    [Parameter(HelpMessage = "Patterns of names or paths to exclude.")]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    public string[]? Exclude { get; set; }

    /// <summary>Includes hidden items in wildcards, and creates missing parent directories of the copy.</summary>
    [Parameter(HelpMessage = "Includes hidden items, and creates missing directories.")]
    public SwitchParameter Force { get; set; }

    /// <summary>Reads the copy again and compares it, byte by byte.</summary>
    [Parameter(HelpMessage = "Verifies the copy byte by byte.")]
    public SwitchParameter Checksum { get; set; }

    /// <summary>Returns the copies.</summary>
    [Parameter(HelpMessage = "Returns the copies.")]
    public SwitchParameter PassThru { get; set; }

    private bool IsTo => ToSession is not null || ToSandbox is not null;

    private bool IsFrom => FromSession is not null || FromSandbox is not null;

    /// <inheritdoc />
    protected override void ProcessRecord()
    {
        if (IsTo && !IsFrom && Item is null)
        {
            foreach (SandboxTarget target in this.Resolve(ToSession, ToSandbox).ToArray())
            {
                Do(new Upload(this, new RemotePath(target, Destination)), LocalPaths());
            }

            return;
        }

        RemotePath[] sources = [.. Sources()];
        if (IsTo)
        {
            foreach (SandboxTarget target in this.Resolve(ToSession, ToSandbox).ToArray())
            {
                Do(new CrossSandboxCopy(this, new RemotePath(target, Destination)), sources);
            }
        }
        else if (IsFrom)
        {
            Do(new Download(this, GetUnresolvedProviderPathFromPSPath(Destination), Destination), sources);
        }
        else
        {
            Do(new InSandboxCopy(this), sources);
        }
    }

    private void Do<T>(CopyOperation<T> work, IEnumerable<T> sources)
    {
        foreach (T source in sources)
        {
            if (ShouldProcess(work.NameOf(source), $"Copy to '{work.Destination}'"))
            {
                work.Run(source);
            }
        }
    }

    private IEnumerable<RemotePath> Sources()
    {
        if (Item is not null)
        {
            return Item.Select(this.Locate);
        }

        SandboxTarget[] targets = [.. this.Resolve(FromSession, FromSandbox)];
        if (targets.Length > 1)
        {
            ThrowTerminatingError(Errors.InvalidArgument("Only one sandbox or session can be copied from at a time.", null));
        }

        return targets.SelectMany(target => LiteralPath is not null
            ? LiteralPath.Select(path => new RemotePath(target, path))
            : Path!.SelectMany(path => this.FindPaths(target, path, Force).Select(found => found.Path)));
    }

    private IEnumerable<string> LocalPaths()
    {
        foreach (string path in LiteralPath ?? Path!)
        {
            IReadOnlyList<string> found;
            try
            {
                found = LiteralPath is not null ? [GetUnresolvedProviderPathFromPSPath(path)] : [.. GetResolvedProviderPathFromPSPath(path, out _)];
            }
            catch (ItemNotFoundException)
            {
                found = [GetUnresolvedProviderPathFromPSPath(path)];
            }

            foreach (string local in found)
            {
                yield return local;
            }
        }
    }
}
