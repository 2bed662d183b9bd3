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
    /// <inheritdoc />
    public override string NameOf(RemotePath source) => $"{source.Target}: {source.Display}";

    /// <inheritdoc />
    public override Task<bool> IsDirectoryAsync(IEnumerable<RemotePath> sources, CancellationToken cancellationToken)
    {
        if (Options.Force && !File.Exists(Destination))
        {
            Directory.CreateDirectory(Destination);
        }

        return Task.FromResult(Directory.Exists(Destination));
    }

    /// <inheritdoc />
    protected override async Task<object?> CopyAsync(CopySource<RemotePath> source, TransferProgress progress, CancellationToken cancellationToken)
    {
        RemotePath item = source.Item;
        FileEntry entry = await item.GetAsync(follow: true, cancellationToken);
        bool isDirectory = entry.Type == FileKind.Directory;
        string name = await item.NameAsync(cancellationToken);
        if (Options.Excludes.Has(name, isDirectory, source.IsMatch))
        {
            return null;
        }

        string path = PathFor(LocalFile.EscapeBytes(name), source.GoesInto(isDirectory));
        if (Options.Force)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        }

        if (isDirectory)
        {
            RequireRecurse(item.Display);
            await CopyTreeAsync(source, path, progress, cancellationToken);
            return new DirectoryInfo(path);
        }

        await CopyFileAsync(item, path, progress, cancellationToken);
        return new FileInfo(path);
    }

    private string PathFor(string name, bool goesInto) =>
        given.EndsWith('/') && !Directory.Exists(Destination)
            ? throw new ApiException(ErrorCodes.PathNotFound, $"The local directory '{Destination}' does not exist.")
            : Directory.Exists(Destination) && (goesInto || CopyDestination.NamesContainer(given)) ? Path.Combine(Destination, name) : Destination;

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

    private async Task CopyTreeAsync(CopySource<RemotePath> from, string path, TransferProgress progress, CancellationToken cancellationToken)
    {
        RemotePath source = from.Item;
        HashSet<string> unread = [];
        LocalTree tree = new(path, progress, Warn) { OnUnread = inside => unread.Add(inside) };
        await RepeatAsync(progress, async () =>
        {
            await using Stream archive = await Options.Excludes.OpenArchiveAsync(source, from.Root, partial: true, Warn, cancellationToken);
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
            ArchiveOptions options = new() { Excludes = Options.Excludes.Texts, Root = from.Root, Partial = true };
            await using Stream archive = await source.OpenArchiveAsync(options, cancellationToken);
            ChecksumMismatch.Require(source.Display, received, await tree.CompareAsync(archive, cancellationToken));
        }
    }
}
