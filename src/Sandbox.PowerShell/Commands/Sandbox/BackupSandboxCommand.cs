using System.Management.Automation;
using Sandbox.Client;
using Sandbox.Protocol;

namespace Sandbox.Commands;

/// <summary>Saves a directory of sandboxes as local archive files.</summary>
[Cmdlet(VerbsData.Backup, "Sandbox", SupportsShouldProcess = true)]
[OutputType(typeof(FileInfo))]
public sealed class BackupSandboxCommand : WholeSandboxCommandBase
{
    private readonly HashSet<string> _written = new(StringComparer.Ordinal);
    private Excludes _excludes = null!;

    /// <summary>The local file, whose extension selects the compression: <c>.tar</c>, <c>.tar.gz</c>, <c>.tgz</c> or <c>.tar.br</c>; or a directory, for files
    /// that are named after the sandboxes.</summary>
    [Parameter(Mandatory = true, Position = 1, HelpMessage = "A file that ends in .tar, .tar.gz, .tgz or .tar.br, or a directory.")]
    [ValidateNotNullOrEmpty]
    public string DestinationPath { get; set; } = "";

    /// <summary>The directory in the sandbox.</summary>
    [Parameter(HelpMessage = "The directory in the sandbox.")]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(PathCompleter))]
    public string Path { get; set; } = RemotePath.Workspace;

    /// <summary>Patterns of what is left out, by the rules of .gitignore: of names at any depth, or, with a slash, of paths from the directory that is
    /// kept.</summary>
    [Parameter(HelpMessage = "Patterns to exclude, as in .gitignore.")]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    public string[]? Exclude { get; set; }

    /// <summary>Local files with such patterns, one a line, as .gitignore itself.</summary>
    [Parameter(HelpMessage = "Local files with patterns to exclude, such as .gitignore.")]
    [ValidateNotNullOrEmpty]
    public string[]? ExcludeFrom { get; set; }

    /// <summary>Replaces an existing file.</summary>
    [Parameter(HelpMessage = "Replaces an existing file.")]
    public SwitchParameter Force { get; set; }

    /// <inheritdoc />
    protected override void BeginProcessing()
    {
        base.BeginProcessing();
        _excludes = Excludes.Read(this, Exclude, ExcludeFrom);
    }

    /// <inheritdoc />
    protected override void EndProcessing() => _excludes.WarnOfUnmatched(this);

    /// <inheritdoc />
    protected override void ProcessRecord()
    {
        string destination = GetUnresolvedProviderPathFromPSPath(DestinationPath);
        foreach (SandboxTarget sandbox in Targets)
        {
            string file = Directory.Exists(destination) ? System.IO.Path.Combine(destination, sandbox.SandboxId + LocalArchive.UsualEnding) : destination;
            if (this.OpenArchive(file) is { } archive && IsFree(file) && ShouldProcess($"{sandbox}: {Path}", $"Back up to '{file}'"))
            {
                BackUp(new RemotePath(sandbox, Path), archive, file);
            }
        }
    }

    private bool IsFree(string file)
    {
        // The file of one sandbox must never replace that of another.
        bool isFree = _written.Add(file) && (Force || !File.Exists(file));
        if (!isFree)
        {
            Report(
                new ApiException(
                    ErrorCodes.PathExists, $"The local file '{file}' already exists. Use -Force to replace it, or choose another file or a directory."),
                file);
        }

        return isFree;
    }

    private void BackUp(RemotePath remote, LocalArchive archive, string file)
    {
        TransferProgress progress = new();
        List<string> warnings = [];
        try
        {
            FileInfo written = this.RunWithProgress($"Backing up to '{file}'", $"{remote.Target}: {remote.Display}", async token =>
            {
                Stream source = await _excludes.OpenArchiveAsync(remote, ExcludeRoot.Directory, partial: false, warnings.Add, token);
                await using Stream content = LocalFile.Count(source, progress);
                await archive.WriteAsync(content, token);
                return new FileInfo(file);
            }, progress.Show);
            warnings.ForEach(WriteWarning);
            WriteObject(written);
        }
        catch (Exception e) when (Errors.IsExpected(e))
        {
            Report(e, remote.Target.ToString());
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            WriteError(Errors.LocalFileFailed(e, file));
        }
    }
}
