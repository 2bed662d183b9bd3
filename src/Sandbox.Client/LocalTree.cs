using System.Formats.Tar;
using Sandbox.Protocol;

namespace Sandbox.Client;

/// <summary>A directory of this machine as a tar archive, and the other way round. What comes from a sandbox is hostile: nothing is written outside the directory, and no link leads there.</summary>
/// <param name="directory">The directory.</param>
/// <param name="progress">Is told how far it got.</param>
/// <param name="warn">Is told what was left out, and why.</param>
public sealed class LocalTree(string directory, TransferProgress progress, Action<string> warn)
{
    private const int Piece = 256 * 1024;

    /// <summary>Is told the path of what is not in an archive because it might not be read.</summary>
    public Action<string>? OnUnread { get; init; }

    private readonly string _top = Path.TrimEndingDirectorySeparator(Path.GetFullPath(directory));

    /// <summary>Writes the directory as an archive. Links stay links.</summary>
    /// <param name="archive">Where to.</param>
    /// <param name="isExcluded">Whether something is left out: by its path from the top, and its name.</param>
    /// <param name="cancellationToken">Stops it.</param>
    public async Task WriteAsync(Stream archive, Func<string, string, bool> isExcluded, CancellationToken cancellationToken)
    {
        // Flushed, not disposed: the stream below is the caller's.
        BufferedStream buffered = new(archive, Piece);
        await using (TarWriter tar = new(buffered, TarEntryFormat.Pax, leaveOpen: true))
        {
            await AddAsync(tar, new DirectoryInfo(_top), "", isExcluded, cancellationToken);
        }

        await buffered.FlushAsync(cancellationToken);
    }

    /// <summary>Makes the directory of an archive, or merges the archive into it. Files take the place of files.</summary>
    /// <param name="archive">The archive.</param>
    /// <param name="cancellationToken">Stops it.</param>
    public async Task ReadAsync(Stream archive, CancellationToken cancellationToken)
    {
        await using BufferedStream buffered = new(archive, Piece);
        await using TarReader tar = new(buffered, leaveOpen: true);
        List<(string Path, TarEntry Entry)> directories = [];
        List<(string Path, TarEntry Entry)> links = [];
        HashSet<string> made = new(StringComparer.Ordinal);
        while (await NextAsync(tar, cancellationToken) is { } entry)
        {
            string inside = Inside(LocalName(Exact(entry, ArchiveRecords.Name) ?? entry.Name));
            string path = inside.Length == 0 ? _top : Path.Combine(_top, inside);
            switch (entry.EntryType)
            {
                case TarEntryType.RegularFile when Exact(entry, ArchiveRecords.Unread) is { } unread:
                    OnUnread?.Invoke(unread);
                    break;
                case TarEntryType.Directory:
                    MakeDirectory(path, made);
                    directories.Add((path, entry));
                    break;
                case TarEntryType.RegularFile or TarEntryType.V7RegularFile:
                    MakeDirectory(Path.GetDirectoryName(path)!, made);
                    await ReadFileAsync(path, inside, entry, cancellationToken);
                    break;
                case TarEntryType.HardLink or TarEntryType.SymbolicLink:
                    MakeDirectory(Path.GetDirectoryName(path)!, made);
                    links.Add((path, entry));
                    break;
                case TarEntryType.GlobalExtendedAttributes:
                    break;
                default:
                    warn($"'{inside}' is a pipe or a device and was skipped.");
                    break;
            }
        }

        // Links last: nothing of this archive is written through one.
        links.ForEach(link => MakeLink(link.Path, link.Entry));
        foreach ((string path, TarEntry entry) in Enumerable.Reverse(directories))
        {
            LocalFile.SetMode(path, entry.Mode);
            Directory.SetLastWriteTimeUtc(path, entry.ModificationTime.UtcDateTime);
        }
    }

    /// <summary>Compares the files of an archive with those of the directory, byte by byte.</summary>
    /// <param name="archive">The archive.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <returns>How many are the same, and the names of those that are not.</returns>
    public async Task<(long Same, IReadOnlyList<string> Different)> CompareAsync(Stream archive, CancellationToken cancellationToken)
    {
        await using BufferedStream buffered = new(archive, Piece);
        await using TarReader tar = new(buffered, leaveOpen: true);
        List<string> different = [];
        long same = 0;
        while (await NextAsync(tar, cancellationToken) is { } entry)
        {
            string inside = Inside(LocalName(Exact(entry, ArchiveRecords.Name) ?? entry.Name));
            string path = Path.Combine(_top, inside);
            if (entry.EntryType is TarEntryType.RegularFile or TarEntryType.V7RegularFile && Exact(entry, ArchiveRecords.Unread) is null && File.Exists(path))
            {
                if (await LocalFile.HashAsync(entry.DataStream ?? Stream.Null, cancellationToken) == await LocalFile.HashAsync(path, cancellationToken))
                {
                    same++;
                }
                else
                {
                    different.Add(inside);
                }
            }
        }

        return (same, different);
    }

    private static async Task<TarEntry?> NextAsync(TarReader tar, CancellationToken cancellationToken)
    {
        try
        {
            return await tar.GetNextEntryAsync(copyData: false, cancellationToken);
        }
        catch (Exception e) when (e is InvalidDataException or EndOfStreamException or FormatException)
        {
            throw new ApiException(ErrorCodes.InvalidArchive, "The archive from the sandbox is incomplete.", e);
        }
    }

    private static string? Exact(TarEntry entry, string record) =>
        entry is PaxTarEntry pax && pax.ExtendedAttributes.TryGetValue(record, out string? escaped) ? PathText.Unescape(escaped) : null;

    private string LocalName(string name)
    {
        if (PathText.IsText(name))
        {
            return name;
        }

        string local = LocalFile.NameOf(name);
        warn($"The name '{PathText.ToDisplay(name)}' is not UTF-8; the local name is '{local}'.");
        return local;
    }

    private static string Inside(string name)
    {
        string[] parts = name.Split('/', StringSplitOptions.RemoveEmptyEntries);
        return name.StartsWith('/') || parts.Contains("..") || name.Contains('\0')
            ? throw new ApiException(ErrorCodes.InvalidArchive, $"The archive from the sandbox contains '{name}', which is outside of the destination.")
            : string.Join('/', parts.Where(part => part != "."));
    }

    // Each directory on the way is a real one: a link that lay there before is not followed out.
    private void MakeDirectory(string path, HashSet<string> made)
    {
        if (!made.Add(path))
        {
            return;
        }

        if (path != _top)
        {
            MakeDirectory(Path.GetDirectoryName(path)!, made);
            if (new DirectoryInfo(path).LinkTarget is not null)
            {
                throw new ApiException(ErrorCodes.NotADirectory, $"'{path}' is a link on this machine but a directory in the sandbox. Remove the link first.");
            }
        }

        Directory.CreateDirectory(path);
    }

    private async Task ReadFileAsync(string path, string inside, TarEntry entry, CancellationToken cancellationToken)
    {
        progress.Begin(inside);
        await LocalFile.WriteAsync(path, new CountingStream(entry.DataStream ?? Stream.Null, progress), entry.Mode, entry.ModificationTime, cancellationToken);
    }

    private void MakeLink(string path, TarEntry entry)
    {
        string target = LocalName(Exact(entry, ArchiveRecords.Target) ?? entry.LinkName);
        string from = entry.EntryType == TarEntryType.HardLink ? Path.Combine(_top, Inside(target)) : Path.GetFullPath(target, Path.GetDirectoryName(path)!);
        if (Path.IsPathRooted(target) || (from != _top && !from.StartsWith(_top + Path.DirectorySeparatorChar, StringComparison.Ordinal)))
        {
            warn($"'{path}' is a link to '{target}', which is outside of the copied directory; it was skipped.");
            return;
        }

        if (File.Exists(path) || new FileInfo(path).LinkTarget is not null)
        {
            File.Delete(path);
        }

        if (entry.EntryType == TarEntryType.HardLink)
        {
            // The same bytes: whether they are stored once is no part of what is copied.
            File.Copy(from, path);
        }
        else
        {
            File.CreateSymbolicLink(path, target);
        }
    }

    private async Task AddAsync(TarWriter tar, FileSystemInfo item, string inside, Func<string, string, bool> isExcluded, CancellationToken cancellationToken)
    {
        TarEntryType type = item.LinkTarget is not null ? TarEntryType.SymbolicLink : item is DirectoryInfo ? TarEntryType.Directory : TarEntryType.RegularFile;
        string name = type == TarEntryType.Directory ? $"./{inside}{(inside.Length == 0 ? "" : "/")}" : $"./{inside}";
        Dictionary<string, string> records = [];
        if (name.Contains('\n'))
        {
            records[ArchiveRecords.Name] = PathText.Escape(name);
        }

        PaxTarEntry entry = new(type, name.Replace('\n', '?'), records) { Mode = LocalFile.ModeOf(item), ModificationTime = item.LastWriteTimeUtc };
        if (type == TarEntryType.SymbolicLink)
        {
            entry.LinkName = item.LinkTarget!;
        }
        else if (item is FileInfo file)
        {
            await AddFileAsync(tar, file, entry, inside, cancellationToken);
            return;
        }

        await tar.WriteEntryAsync(entry, cancellationToken);
        if (type == TarEntryType.Directory)
        {
            foreach (FileSystemInfo child in ((DirectoryInfo)item).EnumerateFileSystemInfos().OrderBy(child => child.Name, StringComparer.Ordinal))
            {
                string below = inside.Length == 0 ? child.Name : $"{inside}/{child.Name}";
                if (!isExcluded(below, child.Name))
                {
                    await AddAsync(tar, child, below, isExcluded, cancellationToken);
                }
            }
        }
    }

    private async Task AddFileAsync(TarWriter tar, FileInfo file, PaxTarEntry entry, string inside, CancellationToken cancellationToken)
    {
        if (file.Length > 0)
        {
            progress.Begin(inside);
            await using Stream content = LocalFile.OpenRead(file.FullName, progress);
            entry.DataStream = content;
            await tar.WriteEntryAsync(entry, cancellationToken);
            return;
        }

        if (await LocalFile.IsRegularAsync(file, cancellationToken))
        {
            progress.Begin(inside);
            await tar.WriteEntryAsync(entry, cancellationToken);
        }
        else
        {
            warn($"'{file.FullName}' is a pipe, a socket or a device and was skipped.");
        }
    }
}
