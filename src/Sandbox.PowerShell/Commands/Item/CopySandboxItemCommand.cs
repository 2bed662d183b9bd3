using System.Management.Automation;
using Sandbox.Protocol;

namespace Sandbox.Commands;

/// <summary>Copies files and directories to, from, within or between sandboxes. Files go into a directory that exists, otherwise to exactly the destination
/// path; so do several items, which need a directory. A single directory is copied to exactly the destination path and merged with one that is there, so that
/// the same copy again changes nothing; it goes into a destination that ends with <c>/</c>, into <c>.</c>, <c>..</c> and <c>~</c>, and into the directories
/// that every sandbox has, such as <c>/workspace</c>.</summary>
[Cmdlet(VerbsCommon.Copy, "SandboxItem", SupportsShouldProcess = true, DefaultParameterSetName = "Path")]
[OutputType(typeof(SandboxItem), typeof(FileSystemInfo))]
public sealed class CopySandboxItemCommand : SandboxCommandBase
{
    private readonly List<CopySource<string>> _local = [];
    private readonly List<CopySource<RemotePath>> _remote = [];
    private readonly HashSet<RemotePath> _directories = [];

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

    /// <summary>A directory, or the path of the copy. Default: the current local directory, or the directory of the session.</summary>
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

    /// <summary>Patterns of what is left out, by the rules of .gitignore: of names at any depth, or, with a slash, of paths from the directory that is
    /// copied. What was named itself is left out, too, when a pattern matches it.</summary>
    [Parameter(HelpMessage = "Patterns to exclude, as in .gitignore.")]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    public string[]? Exclude { get; set; }

    /// <summary>Local files with such patterns, one a line, as .gitignore itself.</summary>
    [Parameter(HelpMessage = "Local files with patterns to exclude, such as .gitignore.")]
    [ValidateNotNullOrEmpty]
    public string[]? ExcludeFrom { get; set; }

    /// <summary>Includes hidden items in wildcards, and creates missing directories: the parents of the copy, and that of several items.</summary>
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

    /// <summary>What is left out.</summary>
    internal Excludes Excludes { get; private set; } = null!;

    /// <inheritdoc />
    protected override void BeginProcessing() => Excludes = Excludes.Read(this, Exclude, ExcludeFrom);

    /// <summary>Finds the sources. They are copied when all are known: several need a directory.</summary>
    protected override void ProcessRecord()
    {
        if (IsTo && !IsFrom && Item is null)
        {
            _local.AddRange(LocalPaths());
        }
        else
        {
            _remote.AddRange(Sources());
        }
    }

    /// <inheritdoc />
    protected override void EndProcessing()
    {
        if (_local.Count > 0)
        {
            foreach (SandboxTarget target in this.Resolve(ToSession, ToSandbox).ToArray())
            {
                Do(new Upload(this, new RemotePath(target, Destination)), _local, path => System.IO.Directory.Exists(path));
            }
        }

        if (_remote.Count > 0 && IsTo)
        {
            foreach (SandboxTarget target in this.Resolve(ToSession, ToSandbox).ToArray())
            {
                Do(new CrossSandboxCopy(this, new RemotePath(target, Destination)), _remote, IsMatchedDirectory);
            }
        }
        else if (_remote.Count > 0 && IsFrom)
        {
            Do(new Download(this, GetUnresolvedProviderPathFromPSPath(Destination), Destination), _remote, IsMatchedDirectory);
        }
        else if (_remote.Count > 0)
        {
            Do(new InSandboxCopy(this), _remote, IsMatchedDirectory);
        }

        Excludes.WarnOfUnmatched(this);
    }

    private bool IsMatchedDirectory(RemotePath path) => _directories.Contains(path);

    private void Do<T>(CopyOperation<T> work, IReadOnlyList<CopySource<T>> sources, Func<T, bool> isDirectory)
    {
        CopySource<T>[] wanted =
        [
            .. sources.Where(source => ShouldProcess(work.NameOf(source.Item), $"Copy to '{work.Destination}'"))
                .Select(source => source with { IsOneOfSeveral = sources.Count > 1 }),
        ];
        if (wanted.Length == 0)
        {
            return;
        }

        // What wildcards match may be more the next time, so a directory of them needs a directory, too.
        if ((sources.Count > 1 || wanted.Any(source => source.IsMatch && isDirectory(source.Item))) && !IsDirectory(work, wanted))
        {
            return;
        }

        foreach (CopySource<T> source in wanted)
        {
            work.Run(source);
        }
    }

    private bool IsDirectory<T>(CopyOperation<T> work, CopySource<T>[] sources) =>
        TryRun(work.Destination, () =>
        {
            if (!Wait(token => work.IsDirectoryAsync(sources.Select(source => source.Item), token)))
            {
                throw new ApiException(
                    ErrorCodes.DestinationNotDirectory,
                    $"'{work.Destination}' is not a directory, which {sources.Length} items are to be copied to. Nothing was copied.");
            }
        });

    private IEnumerable<CopySource<RemotePath>> Sources()
    {
        if (Item is not null)
        {
            return Item.Select(item => new CopySource<RemotePath>(this.Locate(item), IsMatch: false));
        }

        SandboxTarget[] targets = [.. this.Resolve(FromSession, FromSandbox)];
        if (targets.Length > 1)
        {
            ThrowTerminatingError(Errors.InvalidArgument("Only one sandbox or session can be copied from at a time.", null));
        }

        return targets.SelectMany(target => LiteralPath is not null
            ? LiteralPath.Select(path => new CopySource<RemotePath>(new RemotePath(target, path), IsMatch: false))
            : Path!.SelectMany(path => Find(target, path)));
    }

    private IEnumerable<CopySource<RemotePath>> Find(SandboxTarget target, string path)
    {
        foreach ((RemotePath found, FileEntry? entry) in this.FindPaths(target, path, Force))
        {
            if (entry?.IsContainer() == true)
            {
                _directories.Add(found);
            }

            yield return new CopySource<RemotePath>(found, IsMatch: entry is not null);
        }
    }

    private IEnumerable<CopySource<string>> LocalPaths()
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

            bool isPattern = LiteralPath is null && WildcardPattern.ContainsWildcardCharacters(path);
            foreach (string local in found)
            {
                yield return new CopySource<string>(local, isPattern);
            }
        }
    }
}
