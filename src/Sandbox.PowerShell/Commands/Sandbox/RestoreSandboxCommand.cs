using System.Management.Automation;
using Sandbox.Client;
using Sandbox.Protocol;

namespace Sandbox.Commands;

/// <summary>Restores a directory of sandboxes from a local archive file. An invalid archive changes nothing.</summary>
[Cmdlet(VerbsData.Restore, "Sandbox", SupportsShouldProcess = true)]
[OutputType(typeof(void))]
public sealed class RestoreSandboxCommand : WholeSandboxCommandBase
{
    /// <summary>The local file, whose extension selects the compression: <c>.tar</c>, <c>.tar.gz</c>, <c>.tgz</c> or <c>.tar.br</c>.</summary>
    [Parameter(Mandatory = true, Position = 1, HelpMessage = "A file that ends in .tar, .tar.gz, .tgz or .tar.br.")]
    [ValidateNotNullOrEmpty]
    public string Path { get; set; } = "";

    /// <summary>The directory in the sandbox.</summary>
    [Parameter(HelpMessage = "The directory in the sandbox.")]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(PathCompleter))]
    public string DestinationPath { get; set; } = RemotePath.Workspace;

    /// <summary>Keeps files that are not in the archive.</summary>
    [Parameter(HelpMessage = "Keeps files that are not in the archive.")]
    public SwitchParameter Merge { get; set; }

    /// <inheritdoc />
    protected override void ProcessRecord()
    {
        string file = GetUnresolvedProviderPathFromPSPath(Path);
        if (this.OpenArchive(file) is not { } archive)
        {
            return;
        }

        foreach (SandboxTarget sandbox in Targets)
        {
            if (ShouldProcess($"{sandbox}: {DestinationPath}", Merge ? $"Merge the content of '{file}'" : $"Replace with the content of '{file}'"))
            {
                Restore(new RemotePath(sandbox, DestinationPath), archive, file);
            }
        }
    }

    private void Restore(RemotePath remote, LocalArchive archive, string file)
    {
        TransferProgress progress = new();
        try
        {
            this.RunWithProgress($"Restoring '{remote.Target}'", file, async token =>
            {
                await using Stream content = archive.OpenRead(progress);
                Task Send(Stream destination, CancellationToken cancellationToken) => archive.CopyAsync(content, destination, cancellationToken);
                await (Merge ? remote.RestoreAsync(Send, token) : remote.ReplaceAsync(Send, token));
                return true;
            }, progress.Show);
        }
        catch (Exception e) when (Errors.IsExpected(e))
        {
            Report(e, remote.Target.ToString());
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            Report(new ApiException(ErrorCodes.PathNotFound, $"The local file '{file}' does not exist.", e), file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            WriteError(Errors.LocalFileFailed(e, file));
        }
    }
}
