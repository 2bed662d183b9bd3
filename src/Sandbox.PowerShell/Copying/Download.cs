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
    protected override async Task<object> CopyAsync(RemotePath source, TransferProgress progress, CancellationToken token)
    {
        FileEntry entry = await source.GetAsync(follow: true, token);
        string path = PathFor(LocalFile.EscapeBytes(await source.NameAsync(token)));
        if (Options.Force)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        }

        if (entry.Type == FileKind.Directory)
        {
            RequireRecurse(source.Display);
            await CopyTreeAsync(source, path, progress, token);
            return new DirectoryInfo(path);
        }

        await CopyFileAsync(source, path, progress, token);
        return new FileInfo(path);
    }

    private string PathFor(string name) => Directory.Exists(Destination) ? Path.Combine(Destination, name)
        : given.EndsWith('/') ? throw new ApiException(ErrorCodes.PathNotFound, $"The local directory '{Destination}' does not exist.")
        : Destination;

    private async Task CopyFileAsync(RemotePath source, string path, TransferProgress progress, CancellationToken token)
    {
        SandboxFileStream content = await source.OpenAsync(0, token);
        progress.TotalBytes = content.BodyLength;
        await LocalFile.WriteAsync(path, LocalFile.Count(content, progress), LocalFile.ParseMode(content.Mode), content.ModifiedAt, token);
        if (Options.Checksum)
        {
            await using SandboxFileStream original = await source.OpenAsync(0, token);
            if (await LocalFile.HashAsync(original, token) != await LocalFile.HashAsync(path, token))
            {
                throw ChecksumMismatch.Of(path);
            }
        }
    }

    private async Task CopyTreeAsync(RemotePath source, string path, TransferProgress progress, CancellationToken token)
    {
        HashSet<string> unread = [];
        LocalTree tree = new(path, progress, Warn) { OnUnread = inside => unread.Add(inside) };
        await RepeatAsync(progress, async () =>
        {
            await using Stream archive = await source.OpenArchiveAsync(_excludes.ForServer, partial: true, token);
            await tree.ReadAsync(archive, token);
        }, token);
        foreach (string inside in unread)
        {
            string name = $"{source.Display}/{PathText.ToDisplay(inside)}";
            Fail(new ApiException(ErrorCodes.PermissionDenied, $"'{name}' cannot be read by the user of the sandbox and was skipped."));
        }

        if (Options.Checksum)
        {
            long received = progress.Files;
            await using Stream archive = await source.OpenArchiveAsync(_excludes.ForServer, partial: true, token);
            ChecksumMismatch.Require(source.Display, received, await tree.CompareAsync(archive, token));
        }
    }
}
