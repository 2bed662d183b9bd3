using System.ComponentModel;
using System.Formats.Tar;
using Sandbox.Agent.Api;
using Sandbox.Linux;
using Sandbox.Protocol;

namespace Sandbox.Agent.Files;

/// <summary><c>POST …/persist</c>: a directory as a tar archive. Links stay links; sockets, which only their program could make, are left out.</summary>
/// <param name="tar">Where to.</param>
/// <param name="excludes">What is left out.</param>
/// <param name="isPartial">Whether what may not be read is told in the archive, and the rest goes over; otherwise it is a failure.</param>
/// <param name="cancellationToken">Stops it.</param>
internal sealed class ArchiveExport(TarWriter tar, ExcludeList excludes, bool isPartial, CancellationToken cancellationToken)
{
    private const int Piece = 128 * 1024;

    private readonly Dictionary<(ulong Device, ulong Inode), string> _seen = [];

    /// <summary>Serves a request.</summary>
    /// <param name="context">The request.</param>
    /// <param name="path">The directory.</param>
    public static async Task InvokeAsync(HttpContext context, string path)
    {
        ExcludeList excludes = ExcludeList.From(context);
        FileStatus status = FileStatus.Of(SandboxPath.Native(path), follow: true);
        bool isPartial = RequestPath.Flag(context, "partial");

        // Looked into before the answer begins: what cannot be read is a proper error.
        List<(string Name, FileStatus Status)> entries = DirectoryListing.Read(path, hidden: true);
        if (!isPartial)
        {
            RequireReadable(path, "", entries, excludes, context.RequestAborted);
        }

        context.Response.ContentType = "application/octet-stream";
        await using BufferedStream buffered = new(context.Response.Body, Piece);
        TarWriter tar = new(buffered, TarEntryFormat.Pax, leaveOpen: true);
        await new ArchiveExport(tar, excludes, isPartial, context.RequestAborted).WriteAsync(path, status, entries);

        // Not when it failed: this writes the end of the archive, and half of one would be taken for the whole.
        await tar.DisposeAsync();
    }

    private static void RequireReadable(
        string directory, string relative, List<(string Name, FileStatus Status)> entries, ExcludeList excludes, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        foreach ((string name, FileStatus status) in entries)
        {
            (string path, string inside) = (SandboxPath.Join(directory, name), Inside(relative, name));
            if (excludes.Has(inside, name))
            {
                continue;
            }

            try
            {
                if (status.Type == FileType.Directory)
                {
                    RequireReadable(path, inside, DirectoryListing.Read(path, hidden: true), excludes, cancellationToken);
                }
                else if (status.Type == FileType.Regular)
                {
                    FileSystem.RequireReadable(SandboxPath.Native(path));
                }
            }
            catch (Win32Exception exception) when (exception.NativeErrorCode == ErrorNumbers.NoEntry)
            {
                // Since it was listed.
            }
        }
    }

    private static string Inside(string relative, string name) => relative.Length == 0 ? name : $"{relative}/{name}";

    private async Task WriteAsync(string path, FileStatus status, List<(string Name, FileStatus Status)> entries)
    {
        await tar.WriteEntryAsync(Entry(TarEntryType.Directory, "", status), cancellationToken);
        await WriteEntriesAsync(path, "", entries);
    }

    private async Task WriteEntriesAsync(string directory, string relative, List<(string Name, FileStatus Status)> entries)
    {
        foreach ((string name, FileStatus status) in entries)
        {
            string inside = Inside(relative, name);
            if (!excludes.Has(inside, name) && !await TryWriteAsync(SandboxPath.Join(directory, name), inside, status))
            {
                await tar.WriteEntryAsync(new PaxTarEntry(TarEntryType.RegularFile, "./unread", [new(ArchiveRecords.Unread, PathText.Escape(inside))]), cancellationToken);
            }
        }
    }

    /// <summary>Writes what is at a path; false for what may not be read, where that is no failure.</summary>
    private async Task<bool> TryWriteAsync(string path, string inside, FileStatus status)
    {
        try
        {
            await WriteAsync(path, inside, status);
            return true;
        }
        catch (Win32Exception exception) when (isPartial && exception.NativeErrorCode == ErrorNumbers.AccessDenied)
        {
            return false;
        }
    }

    private async Task WriteAsync(string path, string inside, FileStatus status)
    {
        switch (status.Type)
        {
            case FileType.Directory:
                await tar.WriteEntryAsync(Entry(TarEntryType.Directory, inside, status), cancellationToken);
                await WriteEntriesAsync(path, inside, DirectoryListing.Read(path, hidden: true));
                break;
            case FileType.Link:
                string target = PathText.FromBytes(FileSystem.ReadLink(SandboxPath.Native(path)).Bytes);
                await tar.WriteEntryAsync(WithTarget(Entry(TarEntryType.SymbolicLink, inside, status, target), target), cancellationToken);
                break;
            case FileType.Fifo:
                await tar.WriteEntryAsync(Entry(TarEntryType.Fifo, inside, status), cancellationToken);
                break;
            case FileType.Regular when status.Links > 1 && !_seen.TryAdd((status.Device, status.Inode), inside):
                string first = "./" + _seen[(status.Device, status.Inode)];
                await tar.WriteEntryAsync(WithTarget(Entry(TarEntryType.HardLink, inside, status, first), first), cancellationToken);
                break;
            case FileType.Regular:
                await WriteFileAsync(path, inside);
                break;
        }
    }

    private async Task WriteFileAsync(string path, string inside)
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
                await using FixedLengthStream data = new(file, status.Size);
                PaxTarEntry entry = Entry(TarEntryType.RegularFile, inside, status);
                entry.DataStream = data;
                await tar.WriteEntryAsync(entry, cancellationToken);
            }
        }
    }

    // Gone since it was listed: then it is not part of what is there.
    private static FileDescriptor? TryOpen(string path)
    {
        try
        {
            return FileDescriptor.OpenToRead(SandboxPath.Native(path));
        }
        catch (Win32Exception exception) when (exception.NativeErrorCode == ErrorNumbers.NoEntry)
        {
            return null;
        }
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

    // The framework's reader takes a line break for the end of a record.
    private static string Shown(string name) => PathText.ToDisplay(name).Replace('\n', '?');

    private static PaxTarEntry WithTarget(PaxTarEntry entry, string target)
    {
        entry.LinkName = Shown(target);
        return entry;
    }
}
