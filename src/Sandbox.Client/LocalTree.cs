using System.Formats.Tar;
using Sandbox.Protocol;

namespace Sandbox.Client;

/// <summary>Archives and extracts a local directory. Archives from a sandbox are untrusted: nothing is written, and no link points, outside the
/// directory.</summary>
/// <param name="directory">The directory.</param>
/// <param name="progress">Receives the progress.</param>
/// <param name="warn">Receives a message for each skipped item.</param>
public sealed class LocalTree(string directory, TransferProgress progress, Action<string> warn)
{
    private const int Piece = 256 * 1024;

    /// <summary>Receives the path of each item that is not in the archive because it could not be read.</summary>
    public Action<string>? OnUnread { get; init; }

    private readonly string _top = Path.TrimEndingDirectorySeparator(Path.GetFullPath(directory));

    // Kept over repeated reads of an archive whose connection broke.
    private readonly HashSet<string> _created = new(StringComparer.Ordinal);

    /// <summary>Writes the directory as an archive. Links are not followed.</summary>
    /// <param name="archive">Where to.</param>
    /// <param name="excludes">What is left out.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    public async Task WriteAsync(Stream archive, ExcludeScope excludes, CancellationToken cancellationToken)
    {
        // Not disposed: the caller owns the underlying stream.
        BufferedStream buffered = new(archive, Piece);
        await using (TarWriter tar = new(buffered, TarEntryFormat.Pax, leaveOpen: true))
        {
            // A link that is named itself is followed.
            DirectoryInfo top = new(_top);
            await AddAsync(tar, top.ResolveLinkTarget(returnFinalTarget: true) ?? top, "", excludes, cancellationToken);
        }

        await buffered.FlushAsync(cancellationToken);
    }

    /// <summary>Extracts an archive into the directory, creating it if needed. Existing files are overwritten.</summary>
    /// <param name="archive">The archive.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    public async Task ReadAsync(Stream archive, CancellationToken cancellationToken)
    {
        await using BufferedStream buffered = new(archive, Piece);
        await using ArchiveReader tar = new(buffered);
        List<(string Path, TarEntry Entry)> directories = [];
        List<(string Path, TarEntry Entry)> links = [];
        HashSet<string> made = new(StringComparer.Ordinal);
        while (await tar.NextAsync(cancellationToken) is { } entry)
        {
            string inside = Inside(LocalName(Exact(entry, ArchiveRecords.Name) ?? entry.Name));
            string path = inside.Length == 0 ? _top : Path.Combine(_top, inside);
            switch (entry.EntryType)
            {
                case TarEntryType.RegularFile when Exact(entry, ArchiveRecords.Unread) is { } unread:
                    OnUnread?.Invoke(unread);
                    break;
                case TarEntryType.Directory:
                    MakeDirectory(path, made, entry.Mode);
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

        // Links come last, so that nothing is extracted through one.
        links.ForEach(link => MakeLink(link.Path, link.Entry));
        foreach ((string path, TarEntry entry) in Enumerable.Reverse(directories).Where(directory => _created.Contains(directory.Path)))
        {
            LocalFile.RestrictMode(path, entry.Mode);
            Directory.SetLastWriteTimeUtc(path, entry.ModificationTime.UtcDateTime);
        }
    }

    /// <summary>Compares the files of an archive with those of the directory, byte by byte.</summary>
    /// <param name="archive">The archive.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    /// <returns>The number of equal files and the names of the different ones.</returns>
    public async Task<(long Same, IReadOnlyList<string> Different)> CompareAsync(Stream archive, CancellationToken cancellationToken)
    {
        await using BufferedStream buffered = new(archive, Piece);
        await using ArchiveReader tar = new(buffered);
        List<string> different = [];
        long same = 0;
        while (await tar.NextAsync(cancellationToken) is { } entry)
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

    private static string? Exact(TarEntry entry, string record) =>
        entry is PaxTarEntry pax && pax.ExtendedAttributes.TryGetValue(record, out string? escaped) ? PathText.Unescape(escaped) : null;

    private string LocalName(string name)
    {
        if (PathText.IsText(name))
        {
            return name;
        }

        string local = LocalFile.EscapeBytes(name);
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

    // Each parent must be a real directory: an existing link could lead outside.
    private void MakeDirectory(string path, HashSet<string> made, UnixFileMode mode = LocalFile.DirectoryMode)
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

        if (!Directory.Exists(path))
        {
            LocalFile.CreateDirectory(path, mode);
            _created.Add(path);
        }
    }

    private async Task ReadFileAsync(string path, string inside, TarEntry entry, CancellationToken cancellationToken)
    {
        progress.Begin(inside);
        await LocalFile.WriteAsync(path, new CountingStream(entry.DataStream ?? Stream.Null, progress), entry.Mode, entry.ModificationTime, cancellationToken);
    }

    private void MakeLink(string path, TarEntry entry)
    {
        string target = LocalName(Exact(entry, ArchiveRecords.Target) ?? entry.LinkName);
        bool isHardLink = entry.EntryType == TarEntryType.HardLink;
        string? from = isHardLink ? RealFile(Path.Combine(_top, Inside(target))) : Follow(Path.GetDirectoryName(path)!, target);
        if (from is null)
        {
            warn($"'{path}' is a link to '{target}', which may be outside of the copied directory; it was skipped.");
            return;
        }

        if (File.Exists(path) || new FileInfo(path).LinkTarget is not null)
        {
            File.Delete(path);
        }

        if (isHardLink)
        {
            // A hard link is copied as a file of its own.
            File.Copy(from, path);
        }
        else
        {
            // Sets the time of the link itself.
            File.CreateSymbolicLink(path, target);
            File.SetLastWriteTimeUtc(path, entry.ModificationTime.UtcDateTime);
        }
    }

    // The target of a link; null when it is or could become one outside of the directory: '..' leads to the parent only of a real directory,
    // because a link in its place could be replaced by a later copy.
    private string? Follow(string directory, string target)
    {
        if (Path.IsPathRooted(target))
        {
            return null;
        }

        string path = directory;
        foreach (string part in target.Split('/', StringSplitOptions.RemoveEmptyEntries).Where(part => part != "."))
        {
            if (part != "..")
            {
                path = Path.Combine(path, part);
            }
            else if (path == _top || !IsReal(path) || !Directory.Exists(path))
            {
                return null;
            }
            else
            {
                path = Path.GetDirectoryName(path)!;
            }
        }

        return path;
    }

    private string? RealFile(string path) => IsReal(path) && File.Exists(path) ? path : null;

    // Whether no part of a path below the directory is a link.
    private bool IsReal(string path) => path == _top || (new FileInfo(path).LinkTarget is null && IsReal(Path.GetDirectoryName(path)!));

    private async Task AddAsync(TarWriter tar, FileSystemInfo item, string inside, ExcludeScope excludes, CancellationToken cancellationToken)
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
                if (!excludes.Has(below, child is DirectoryInfo && child.LinkTarget is null))
                {
                    await AddAsync(tar, child, below, excludes, cancellationToken);
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
