using System.ComponentModel;
using System.Formats.Tar;
using Sandbox.Linux;
using Sandbox.Protocol;

namespace Sandbox.Agent.Files;

/// <summary>Extracts an archive's entries below a new directory. Refuses entries that would end up elsewhere, by their name or through a link in the
/// archive.</summary>
internal sealed class ArchiveExtractor(string top)
{
    // Directories by their path below the top, whose own is empty. Nothing can lie below any other entry.
    private readonly Dictionary<string, TarEntry?> _directories = new(StringComparer.Ordinal) { [""] = null };

    public async Task AddAsync(TarEntry entry, CancellationToken cancellationToken)
    {
        if (entry.EntryType == TarEntryType.GlobalExtendedAttributes)
        {
            return;
        }

        string name = Inside(Exact(entry, ArchiveRecords.Name) ?? SparseMap.NameOf(entry) ?? entry.Name);
        if (entry.EntryType is TarEntryType.Directory or TarEntryType.DirectoryList)
        {
            MakeDirectory(name, entry);
            return;
        }

        if (name.Length == 0)
        {
            throw Refused(entry, "would replace its destination");
        }

        MakeDirectory(Above(name), null);
        LinuxPath path = SandboxPath.Native(SandboxPath.Join(top, name));
        Clear(path, entry);
        switch (entry.EntryType)
        {
            case TarEntryType.RegularFile or TarEntryType.V7RegularFile or TarEntryType.ContiguousFile:
                await WriteFileAsync(path, entry, cancellationToken);
                return;
            case TarEntryType.SymbolicLink:
                FileSystem.MakeLink(path, SandboxPath.Native(Exact(entry, ArchiveRecords.Target) ?? entry.LinkName));
                break;
            case TarEntryType.HardLink:
                string target = Inside(Exact(entry, ArchiveRecords.Target) ?? entry.LinkName);
                FileSystem.MakeHardLink(path, _directories.ContainsKey(Above(target))
                    ? SandboxPath.Native(SandboxPath.Join(top, target))
                    : throw Refused(entry, "is a link to outside"));
                return;
            case TarEntryType.Fifo:
                FileSystem.MakeFifo(path, entry.Mode);
                break;
            default:
                throw Refused(entry, "is a device or of a kind that is not supported");
        }

        FileSystem.SetModified(path, entry.ModificationTime);
    }

    /// <summary>Sets the permissions and times of directories, the deepest first: until now they had to be writable.</summary>
    /// <param name="withTop">Whether the top directory was created from the archive.</param>
    public void FinishDirectories(string place, bool withTop)
    {
        foreach ((string name, TarEntry? entry) in _directories.OrderByDescending(directory => directory.Key, StringComparer.Ordinal))
        {
            if (entry is not null && (withTop || name.Length > 0))
            {
                LinuxPath path = SandboxPath.Native(name.Length == 0 ? place : SandboxPath.Join(place, name));
                FileSystem.SetPermissions(path, entry.Mode);
                FileSystem.SetModified(path, entry.ModificationTime);
            }
        }
    }

    private static string? Exact(TarEntry entry, string record) =>
        entry is PaxTarEntry pax && pax.ExtendedAttributes.TryGetValue(record, out string? escaped) ? PathText.Unescape(escaped) : null;

    private static string Above(string name) => name.LastIndexOf('/') is var slash and > 0 ? name[..slash] : "";

    private static ApiException Refused(TarEntry entry, string why) =>
        new(ErrorCodes.InvalidArchive, $"The archive's entry '{entry.Name}' {why}. Nothing was changed.");

    private static string Inside(string name)
    {
        string[] parts = name.Split('/', StringSplitOptions.RemoveEmptyEntries);
        return name.StartsWith('/') || parts.Contains("..")
            ? throw new ApiException(
                ErrorCodes.InvalidArchive, $"The archive's entry or link to '{PathText.ToDisplay(name)}' would leave its destination. Nothing was changed.")
            : string.Join('/', parts.Where(part => part != "."));
    }

    private static async Task WriteFileAsync(LinuxPath path, TarEntry entry, CancellationToken cancellationToken)
    {
        using FileDescriptor file = FileDescriptor.CreateNew(path, Defaults.Unfinished);
        SparseMap? map = await SparseMap.ReadAsync(entry, cancellationToken);
        if (map is not null)
        {
            file.Truncate(map.FileSize);
        }

        if (entry.DataStream is { } data)
        {
            foreach ((long offset, long length) in map?.Parts ?? [(0, data.Length)])
            {
                file.Seek(offset);
                await data.CopyToAsync(file, length, cancellationToken);
            }
        }

        FileSystem.SetPermissions(file, entry.Mode);
        FileSystem.SetModified(file, entry.ModificationTime);
    }

    private void MakeDirectory(string name, TarEntry? entry)
    {
        if (_directories.TryGetValue(name, out TarEntry? known))
        {
            _directories[name] = entry ?? known;
            return;
        }

        MakeDirectory(Above(name), null);
        try
        {
            FileSystem.MakeDirectory(SandboxPath.Native(SandboxPath.Join(top, name)), entry is null ? Defaults.Directory : Defaults.UnfinishedDirectory);
        }
        catch (Win32Exception exception) when (exception.NativeErrorCode == Errno.EEXIST)
        {
            throw new ApiException(
                ErrorCodes.InvalidArchive,
                $"The archive has '{PathText.ToDisplay(name)}' as a directory and as something else, such as a link that would lead out. Nothing was changed.");
        }

        _directories.Add(name, entry);
    }

    // Of two entries of one name the later wins.
    private static void Clear(LinuxPath path, TarEntry entry)
    {
        if (FileStatus.TryOf(path, follow: false) is { } earlier)
        {
            if (earlier.Type == FileType.Directory)
            {
                throw Refused(entry, "is there as a directory already");
            }

            FileSystem.RemoveFile(path);
        }
    }
}
