using Sandbox.Client;
using Sandbox.Commands;
using Sandbox.Protocol;

namespace Sandbox;

/// <summary>Copies between sandboxes, or within one with options that the server does not support. The bytes pass through this process.</summary>
internal sealed class CrossSandboxCopy(CopySandboxItemCommand cmdlet, RemotePath destination)
    : CopyOperation<RemotePath>(cmdlet, $"{destination.Target}: {destination.Display}")
{
    /// <inheritdoc />
    public override string NameOf(RemotePath source) => $"{source.Target}: {source.Display}";

    /// <inheritdoc />
    public override Task<bool> IsDirectoryAsync(IEnumerable<RemotePath> sources, CancellationToken cancellationToken) =>
        IsDirectoryAsync(destination, cancellationToken);

    /// <summary>Copies a source and returns the new item; null when a pattern excludes it.</summary>
    public async Task<object?> CopyThroughAsync(CopySource<RemotePath> source, TransferProgress progress, CancellationToken cancellationToken)
    {
        RemotePath item = source.Item;
        bool isDirectory = (await item.GetAsync(follow: true, cancellationToken)).Type == FileKind.Directory;
        string name = await item.NameAsync(cancellationToken);
        if (Options.Excludes.Has(name, isDirectory, source.IsMatch))
        {
            return null;
        }

        RemotePath place = await destination.ForCopyAsync(name, source.GoesInto(isDirectory), cancellationToken);
        if (isDirectory)
        {
            RequireRecurse(item.Display);
            await CopyTreeAsync(source, place, progress, cancellationToken);
        }
        else
        {
            await CopyFileAsync(item, place, progress, cancellationToken);
        }

        return new SandboxItem(await place.GetAsync(follow: false, cancellationToken), place.Target);
    }

    /// <inheritdoc />
    protected override Task<object?> CopyAsync(CopySource<RemotePath> source, TransferProgress progress, CancellationToken cancellationToken) =>
        CopyThroughAsync(source, progress, cancellationToken);

    private async Task CopyFileAsync(RemotePath source, RemotePath place, TransferProgress progress, CancellationToken cancellationToken)
    {
        await using (SandboxFileStream content = await source.OpenAsync(0, cancellationToken))
        {
            progress.TotalBytes = content.BodyLength;
            WriteOptions options = new() { Mode = content.Mode, ModifiedAt = content.ModifiedAt, Parents = Options.Force };
            await place.WriteAsync(LocalFile.Count(content, progress), options, cancellationToken);
        }

        if (Options.Checksum)
        {
            await using SandboxFileStream original = await source.OpenAsync(0, cancellationToken), copy = await place.OpenAsync(0, cancellationToken);
            if (await LocalFile.HashAsync(original, cancellationToken) != await LocalFile.HashAsync(copy, cancellationToken))
            {
                throw ChecksumMismatch.Of(source.Display);
            }
        }
    }

    private async Task CopyTreeAsync(CopySource<RemotePath> source, RemotePath place, TransferProgress progress, CancellationToken cancellationToken)
    {
        if (Options.Checksum)
        {
            throw new ApiException(ErrorCodes.Unsupported, "-Checksum does not support directories copied between sandboxes. Omit it.");
        }

        await RepeatAsync(progress, async () =>
        {
            await using Stream archive = await Options.Excludes.OpenArchiveAsync(source.Item, source.Root, partial: false, Warn, cancellationToken);
            await place.RestoreAsync(LocalFile.Count(archive, progress).CopyToAsync, cancellationToken);
        }, cancellationToken);
    }
}
