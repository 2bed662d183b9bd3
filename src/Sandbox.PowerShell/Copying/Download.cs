using Sandbox.Client;
using Sandbox.Commands;
using Sandbox.Protocol;

namespace Sandbox;

/// <summary>Copies from a sandbox to here.</summary>
/// <param name="cmdlet">The cmdlet.</param>
/// <param name="destination">The destination.</param>
/// <param name="given">The destination as the user gave it.</param>
internal sealed class Download(CopySandboxItemCommand cmdlet, string destination, string given) : CopyOperation<RemotePath>(cmdlet, destination)
{
    private readonly Excludes _excludes = new(cmdlet.Exclude);

    /// <inheritdoc />
    public override string NameOf(RemotePath source) => $"{source.Target}: {source.Display}";

    /// <inheritdoc />
    protected override async Task<object> CopyAsync(RemotePath source, TransferProgress progress, CancellationToken cancellationToken)
    {
        FileEntry entry = await source.GetAsync(follow: true, cancellationToken);
        string path = PathFor(LocalFile.EscapeBytes(await source.NameAsync(cancellationToken)));
        if (Options.Force)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        }

        if (entry.Type == FileKind.Directory)
        {
            RequireRecurse(source.Display);
            await CopyTreeAsync(source, path, progress, cancellationToken);
            return new DirectoryInfo(path);
        }

        await CopyFileAsync(source, path, progress, cancellationToken);
        return new FileInfo(path);
    }

    private string PathFor(string name) => Directory.Exists(Destination) ? Path.Combine(Destination, name)
        : given.EndsWith('/') ? throw new ApiException(ErrorCodes.PathNotFound, $"The local directory '{Destination}' does not exist.")
        : Destination;

    private async Task CopyFileAsync(RemotePath source, string path, TransferProgress progress, CancellationToken cancellationToken)
    {
        SandboxFileStream content = await source.OpenAsync(0, cancellationToken);
        progress.TotalBytes = content.BodyLength;
        await LocalFile.WriteAsync(path, LocalFile.Count(content, progress), LocalFile.ParseMode(content.Mode), content.ModifiedAt, cancellationToken);
        if (Options.Checksum)
        {
            await using SandboxFileStream original = await source.OpenAsync(0, cancellationToken);
            if (await LocalFile.HashAsync(original, cancellationToken) != await LocalFile.HashAsync(path, cancellationToken))
            {
                throw ChecksumMismatch.Of(path);
            }
        }
    }

    private async Task CopyTreeAsync(RemotePath source, string path, TransferProgress progress, CancellationToken cancellationToken)
    {
        HashSet<string> unread = [];
        LocalTree tree = new(path, progress, Warn) { OnUnread = inside => unread.Add(inside) };
        await RepeatAsync(progress, async () =>
        {
            await using Stream archive = await source.OpenArchiveAsync(_excludes.ForServer, partial: true, cancellationToken);
            await tree.ReadAsync(archive, cancellationToken);
        }, cancellationToken);
        foreach (string inside in unread)
        {
            string name = $"{source.Display}/{PathText.ToDisplay(inside)}";
            Fail(new ApiException(ErrorCodes.PermissionDenied, $"'{name}' cannot be read by the user of the sandbox and was skipped."));
        }

        if (Options.Checksum)
        {
            long received = progress.Files;
            await using Stream archive = await source.OpenArchiveAsync(_excludes.ForServer, partial: true, cancellationToken);
            ChecksumMismatch.Require(source.Display, received, await tree.CompareAsync(archive, cancellationToken));
        }
    }
}
