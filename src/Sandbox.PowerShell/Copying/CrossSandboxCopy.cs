using Sandbox.Client;
using Sandbox.Commands;
using Sandbox.Protocol;

namespace Sandbox;

/// <summary>Copies between sandboxes, or within one with options that the server does not support. The bytes pass through this process.</summary>
internal sealed class CrossSandboxCopy(CopySandboxItemCommand cmdlet, RemotePath destination)
    : CopyOperation<RemotePath>(cmdlet, $"{destination.Target}: {destination.Display}")
{
    private readonly Excludes _excludes = new(cmdlet.Exclude);

    /// <inheritdoc />
    public override string NameOf(RemotePath source) => $"{source.Target}: {source.Display}";

    /// <summary>Copies a source and returns the new item.</summary>
    public async Task<object> CopyThroughAsync(RemotePath source, TransferProgress progress, CancellationToken token)
    {
        FileEntry entry = await source.GetAsync(follow: true, token);
        RemotePath place = await destination.WithNameAsync(await source.NameAsync(token), token);
        if (entry.Type == FileKind.Directory)
        {
            RequireRecurse(source.Display);
            await CopyTreeAsync(source, place, progress, token);
        }
        else
        {
            await CopyFileAsync(source, place, progress, token);
        }

        return new SandboxItem(await place.GetAsync(follow: false, token), place.Target);
    }

    /// <inheritdoc />
    protected override Task<object> CopyAsync(RemotePath source, TransferProgress progress, CancellationToken token) =>
        CopyThroughAsync(source, progress, token);

    private async Task CopyFileAsync(RemotePath source, RemotePath place, TransferProgress progress, CancellationToken token)
    {
        await using (SandboxFileStream content = await source.OpenAsync(0, token))
        {
            progress.TotalBytes = content.BodyLength;
            WriteOptions options = new() { Mode = content.Mode, ModifiedAt = content.ModifiedAt, Parents = Options.Force };
            await place.WriteAsync(LocalFile.Count(content, progress), options, token);
        }

        if (Options.Checksum)
        {
            await using SandboxFileStream original = await source.OpenAsync(0, token), copy = await place.OpenAsync(0, token);
            if (await LocalFile.HashAsync(original, token) != await LocalFile.HashAsync(copy, token))
            {
                throw ChecksumMismatch.Of(source.Display);
            }
        }
    }

    private async Task CopyTreeAsync(RemotePath source, RemotePath place, TransferProgress progress, CancellationToken token)
    {
        if (Options.Checksum)
        {
            throw new ApiException(ErrorCodes.Unsupported, "-Checksum does not support directories copied between sandboxes. Omit it.");
        }

        await RepeatAsync(progress, async () =>
        {
            await using Stream archive = await source.OpenArchiveAsync(_excludes.ForServer, partial: false, token);
            await place.RestoreAsync(LocalFile.Count(archive, progress).CopyToAsync, token);
        }, token);
    }
}
