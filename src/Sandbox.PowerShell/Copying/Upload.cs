using Sandbox.Client;
using Sandbox.Commands;
using Sandbox.Protocol;

namespace Sandbox;

/// <summary>Copies from here into a sandbox.</summary>
internal sealed class Upload(CopySandboxItemCommand cmdlet, RemotePath destination)
    : CopyOperation<string>(cmdlet, $"{destination.Target}: {destination.Display}")
{
    private readonly Excludes _excludes = new(cmdlet.Exclude);

    /// <inheritdoc />
    public override string NameOf(string source) => source;

    /// <inheritdoc />
    protected override async Task<object> CopyAsync(string source, TransferProgress progress, CancellationToken cancellationToken)
    {
        string name = Path.GetFileName(Path.TrimEndingDirectorySeparator(source));
        RemotePath place;
        if (Directory.Exists(source))
        {
            RequireRecurse(source);
            place = await destination.WithNameAsync(name, cancellationToken);
            await CopyTreeAsync(source, place, progress, cancellationToken);
        }
        else
        {
            FileInfo file = new(source);
            if (!file.Exists)
            {
                throw new ApiException(ErrorCodes.PathNotFound, $"The local path '{source}' does not exist.");
            }

            place = await destination.WithNameAsync(name, cancellationToken);
            await CopyFileAsync(file, place, progress, cancellationToken);
        }

        return new SandboxItem(await place.GetAsync(follow: false, cancellationToken), place.Target);
    }

    private async Task CopyFileAsync(FileInfo file, RemotePath place, TransferProgress progress, CancellationToken cancellationToken)
    {
        if (!await LocalFile.IsRegularAsync(file, cancellationToken))
        {
            throw new ApiException(ErrorCodes.NotAFile, $"'{file.FullName}' is a pipe, a socket or a device, not a file.");
        }

        progress.TotalBytes = file.Length;
        WriteOptions options = new() { Mode = LocalFile.OctalModeOf(file), ModifiedAt = file.LastWriteTimeUtc, Parents = Options.Force };
        await using (Stream content = LocalFile.OpenRead(file.FullName, progress))
        {
            await place.WriteAsync(content, options, cancellationToken);
        }

        if (Options.Checksum)
        {
            await using SandboxFileStream copy = await place.OpenAsync(0, cancellationToken);
            if (await LocalFile.HashAsync(copy, cancellationToken) != await LocalFile.HashAsync(file.FullName, cancellationToken))
            {
                throw ChecksumMismatch.Of(file.FullName);
            }
        }
    }

    private async Task CopyTreeAsync(string source, RemotePath place, TransferProgress progress, CancellationToken cancellationToken)
    {
        LocalTree tree = new(source, progress, Warn);
        await RepeatAsync(
            progress, () => place.RestoreAsync((archive, stop) => tree.WriteAsync(archive, _excludes.Has, stop), cancellationToken), cancellationToken);
        if (Options.Checksum)
        {
            long sent = progress.Files;
            await using Stream archive = await place.OpenArchiveAsync(_excludes.ForServer, partial: true, cancellationToken);
            ChecksumMismatch.Require(source, sent, await tree.CompareAsync(archive, cancellationToken));
        }
    }
}
