using System.ComponentModel;
using System.Formats.Tar;
using Sandbox.Linux;
using Sandbox.Protocol;

namespace Sandbox.Agent.Files;

/// <summary>Writes a directory as a tar archive. Links stay links; sockets, which only their program could create, are left out and named.</summary>
internal sealed class ArchiveExport
{
    private const int ChunkSize = 128 * 1024;

    private readonly Dictionary<(ulong Device, ulong Inode), string> _seen = [];
    private readonly string _path;
    private readonly FileStatus _status;
    private readonly List<(string Name, FileStatus Status)> _entries;
    private readonly ExcludeScope _excludes;
    private readonly List<string> _sockets = [];
    private readonly bool _isPartial;
    private readonly bool _isSparse;
    private readonly UnfinishedFiles _unfinished;
    private readonly CancellationToken _cancellationToken;

    /// <summary>Checks that the directory can be read, before the first byte is written.</summary>
    /// <param name="isPartial">Whether an unreadable file is recorded in the archive as such; otherwise it is an error.</param>
    /// <param name="isSparse">Whether files with holes are written as such, in GNU's form 1.0; otherwise holes are zeros.</param>
    /// <param name="unfinished">What is not part of the archive.</param>
    /// <exception cref="Win32Exception">Something cannot be read.</exception>
    public ArchiveExport(
        string path, ExcludeScope excludes, bool isPartial, bool isSparse, UnfinishedFiles unfinished, CancellationToken cancellationToken)
    {
        (_path, _excludes, _isPartial, _isSparse, _unfinished) = (path, excludes, isPartial, isSparse, unfinished);
        _cancellationToken = cancellationToken;
        _status = FileStatus.Of(SandboxPath.Native(path), follow: true);
        _entries = DirectoryListing.Read(path, hidden: true);
        Inspect(path, "", _entries);
    }

    /// <summary>The indexes of the patterns that matched nothing.</summary>
    public IReadOnlyList<int> UnmatchedPatterns => [.. _excludes.Patterns.Unmatched];

    /// <summary>The paths, in the directory, of the sockets that are left out.</summary>
    public IReadOnlyList<string> Sockets => _sockets;

    /// <summary>Writes the archive. After a failure its end is missing, so that a part is not taken for the whole.</summary>
    public async Task WriteToAsync(Stream output)
    {
        await using BufferedStream buffered = new(output, ChunkSize);
        TarWriter tar = new(buffered, TarEntryFormat.Pax, leaveOpen: true);
        await tar.WriteEntryAsync(Entry(TarEntryType.Directory, "", _status), _cancellationToken);
        await WriteEntriesAsync(tar, _path, "", _entries);
        await tar.DisposeAsync();
    }

    private void Inspect(string directory, string relative, List<(string Name, FileStatus Status)> entries)
    {
        _cancellationToken.ThrowIfCancellationRequested();
        foreach ((string name, FileStatus status) in entries)
        {
            (string path, string inside) = (SandboxPath.Join(directory, name), Inside(relative, name));
            if (IsLeftOut(path, inside, status))
            {
                continue;
            }

            try
            {
                if (status.Type == FileType.Directory)
                {
                    Inspect(path, inside, DirectoryListing.Read(path, hidden: true));
                }
                else if (status.Type == FileType.Regular && !_isPartial)
                {
                    FileSystem.RequireReadable(SandboxPath.Native(path));
                }
                else if (status.Type == FileType.Socket)
                {
                    _sockets.Add(inside);
                }
            }
            catch (Win32Exception exception)
                when (exception.NativeErrorCode == Errno.ENOENT || (_isPartial && exception.NativeErrorCode == Errno.EACCES))
            {
                // Deleted since it was listed, or left out.
            }
        }
    }

    private bool IsLeftOut(string path, string inside, FileStatus status) =>
        _excludes.Has(inside, status.Type == FileType.Directory) || (TemporaryName.Is(SandboxPath.Name(path)) && _unfinished.Contains(path));

    private static string Inside(string relative, string name) => relative.Length == 0 ? name : $"{relative}/{name}";

    private async Task WriteEntriesAsync(TarWriter tar, string directory, string relative, List<(string Name, FileStatus Status)> entries)
    {
        foreach ((string name, FileStatus status) in entries)
        {
            (string path, string inside) = (SandboxPath.Join(directory, name), Inside(relative, name));
            if (!IsLeftOut(path, inside, status) && !await TryWriteAsync(tar, path, inside, status))
            {
                await tar.WriteEntryAsync(
                    new PaxTarEntry(TarEntryType.RegularFile, "./unread", [new(ArchiveRecords.Unread, PathText.Escape(inside))]), _cancellationToken);
            }
        }
    }

    /// <summary>Writes an entry; false when it cannot be read and that is allowed.</summary>
    private async Task<bool> TryWriteAsync(TarWriter tar, string path, string inside, FileStatus status)
    {
        try
        {
            await WriteAsync(tar, path, inside, status);
            return true;
        }
        catch (Win32Exception exception) when (_isPartial && exception.NativeErrorCode == Errno.EACCES)
        {
            return false;
        }
    }

    private async Task WriteAsync(TarWriter tar, string path, string inside, FileStatus status)
    {
        switch (status.Type)
        {
            case FileType.Directory:
                await tar.WriteEntryAsync(Entry(TarEntryType.Directory, inside, status), _cancellationToken);
                await WriteEntriesAsync(tar, path, inside, DirectoryListing.Read(path, hidden: true));
                break;
            case FileType.Link:
                string target = PathText.FromBytes(FileSystem.ReadLink(SandboxPath.Native(path)).Bytes);
                await tar.WriteEntryAsync(WithTarget(Entry(TarEntryType.SymbolicLink, inside, status, target), target), _cancellationToken);
                break;
            case FileType.Fifo:
                await tar.WriteEntryAsync(Entry(TarEntryType.Fifo, inside, status), _cancellationToken);
                break;
            case FileType.Regular when status.Links > 1 && !_seen.TryAdd((status.Device, status.Inode), inside):
                string first = "./" + _seen[(status.Device, status.Inode)];
                await tar.WriteEntryAsync(WithTarget(Entry(TarEntryType.HardLink, inside, status, first), first), _cancellationToken);
                break;
            case FileType.Regular:
                await WriteFileAsync(tar, path, inside);
                break;
        }
    }

    private async Task WriteFileAsync(TarWriter tar, string path, string inside)
    {
        FileDescriptor? file = TryOpen(path);
        if (file is null)
        {
            return;
        }

        using (file)
        {
            FileStatus status = FileStatus.Of(file);
            if (status.Type == FileType.Regular)
            {
                SparseMap? map = _isSparse && status.AllocatedSize < status.Size ? SparseMap.Of(file, status.Size) : null;
                await using ReadOnlyStream data = map is null ? new FixedLengthStream(file, status.Size) : new SparseFileStream(file, map);
                PaxTarEntry entry = map is null ? Entry(TarEntryType.RegularFile, inside, status) : SparseEntry(inside, status);
                entry.DataStream = data;
                await tar.WriteEntryAsync(entry, _cancellationToken);
            }
        }
    }

    // A file that was deleted since it was listed is not part of the archive.
    private static FileDescriptor? TryOpen(string path)
    {
        try
        {
            return FileDescriptor.OpenToRead(SandboxPath.Native(path));
        }
        catch (Win32Exception exception) when (exception.NativeErrorCode == Errno.ENOENT)
        {
            return null;
        }
    }

    private static PaxTarEntry SparseEntry(string inside, FileStatus status)
    {
        PaxTarEntry plain = Entry(TarEntryType.RegularFile, inside, status);
        IEnumerable<KeyValuePair<string, string>> records = plain.ExtendedAttributes
            .Where(record => record.Key == ArchiveRecords.Name)
            .Concat(SparseMap.Records(plain.Name, status.Size));
        return new PaxTarEntry(TarEntryType.RegularFile, SparseMap.StoredName(plain.Name), records)
        {
            Mode = status.Permissions,
            ModificationTime = status.ModifiedAt,
        };
    }

    private static PaxTarEntry Entry(TarEntryType type, string inside, FileStatus status, string? target = null)
    {
        string name = type == TarEntryType.Directory ? $"./{inside}{(inside.Length == 0 ? "" : "/")}" : $"./{inside}";
        Dictionary<string, string> records = [];
        if (Shown(name) != name)
        {
            records[ArchiveRecords.Name] = PathText.Escape(name);
        }

        if (target is not null && Shown(target) != target)
        {
            records[ArchiveRecords.Target] = PathText.Escape(target);
        }

        return new PaxTarEntry(type, Shown(name), records) { Mode = status.Permissions, ModificationTime = status.ModifiedAt };
    }

    // .NET's tar reader takes a line break for the end of a record.
    private static string Shown(string name) => PathText.ToDisplay(name).Replace('\n', '?');

    private static PaxTarEntry WithTarget(PaxTarEntry entry, string target)
    {
        entry.LinkName = Shown(target);
        return entry;
    }
}
