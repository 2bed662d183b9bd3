using Sandbox.Client;
using Sandbox.Commands;
using Sandbox.Protocol;

namespace Sandbox;

/// <summary>Copies from here into a sandbox.</summary>
internal sealed class Upload(CopySandboxItemCommand cmdlet, RemotePath destination)
    : CopyOperation<string>(cmdlet, $"{destination.Target}: {destination.Display}")
{
    /// <inheritdoc />
    public override string NameOf(string source) => source;

    /// <inheritdoc />
    public override Task<bool> IsDirectoryAsync(IEnumerable<string> sources, CancellationToken cancellationToken) =>
        IsDirectoryAsync(destination, cancellationToken);

    /// <inheritdoc />
    protected override async Task<object?> CopyAsync(CopySource<string> source, TransferProgress progress, CancellationToken cancellationToken)
    {
        string path = source.Item, name = Path.GetFileName(Path.TrimEndingDirectorySeparator(path));
        bool isDirectory = Directory.Exists(path);
        FileInfo file = new(path);
        if (!isDirectory && (!file.Exists || file.ResolveLinkTarget(returnFinalTarget: true) is { Exists: false }))
        {
            throw new ApiException(ErrorCodes.PathNotFound, $"The local path '{path}' {(file.Exists ? "is a link to nothing" : "does not exist")}.");
        }

        if (Options.Excludes.Has(name, isDirectory, source.IsMatch))
        {
            return null;
        }

        if (isDirectory)
        {
            RequireRecurse(path);
        }

        RemotePath place = await destination.ForCopyAsync(name, source.GoesInto(isDirectory), cancellationToken);
        await (isDirectory ? CopyTreeAsync(source, name, place, progress, cancellationToken) : CopyFileAsync(file, place, progress, cancellationToken));
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

    private async Task CopyTreeAsync(
        CopySource<string> source, string name, RemotePath place, TransferProgress progress, CancellationToken cancellationToken)
    {
        LocalTree tree = new(source.Item, progress, Warn);
        ExcludeScope excludes = Options.Excludes.ScopeOf(source.Root, name);
        await RepeatAsync(
            progress, () => place.RestoreAsync((archive, stop) => tree.WriteAsync(archive, excludes, stop), cancellationToken), cancellationToken);
        if (Options.Checksum)
        {
            long sent = progress.Files;
            ArchiveOptions options = new() { Excludes = Options.Excludes.Texts, Root = source.Root, Partial = true };
            await using Stream archive = await place.OpenArchiveAsync(options, cancellationToken);
            ChecksumMismatch.Require(source.Item, sent, await tree.CompareAsync(archive, cancellationToken));
        }
    }
}
