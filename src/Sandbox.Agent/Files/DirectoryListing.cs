using System.ComponentModel;
using Sandbox.Linux;
using Sandbox.Protocol;

namespace Sandbox.Agent.Files;

/// <summary>Lists directories, sorted by name. Links are listed, not followed.</summary>
/// <param name="filter">The names that are listed; null for all.</param>
/// <param name="hidden">Whether names that begin with a dot are listed.</param>
/// <param name="excludes">What is left out, with what lies below it.</param>
internal sealed class DirectoryListing(GlobPattern? filter, bool hidden, ExcludeScope excludes)
{
    /// <summary>Lists a directory and what is below it.</summary>
    /// <exception cref="Win32Exception">The directory cannot be read. One below it that cannot be read has the error in its entry.</exception>
    public IEnumerable<FileEntry> List(string path, long depth) => List(path, "", Read(path, hidden), depth);

    /// <summary>Reads the entries of a directory, sorted by name.</summary>
    public static List<(string Name, FileStatus Status)> Read(string path, bool hidden)
    {
        List<LinuxPath> names = [];
        using DirectoryReader directory = DirectoryReader.Open(SandboxPath.Native(path));
        while (directory.Read())
        {
            if (hidden || directory.Name[0] != '.')
            {
                names.Add(new LinuxPath(directory.Name));
            }
        }

        names.Sort(static (left, right) => left.Bytes.SequenceCompareTo(right.Bytes));
        List<(string, FileStatus)> entries = new(names.Count);
        foreach (LinuxPath name in names)
        {
            if (directory.TryStatus(name) is { } status)
            {
                entries.Add((PathText.FromBytes(name.Bytes), status));
            }
        }

        return entries;
    }

    private IEnumerable<FileEntry> List(string path, string relative, List<(string Name, FileStatus Status)> entries, long depth)
    {
        foreach ((string name, FileStatus status) in entries)
        {
            (string child, string inside) = (SandboxPath.Join(path, name), relative + name);
            if (excludes.Has(inside, status.Type == FileType.Directory))
            {
                continue;
            }

            (List<(string, FileStatus)>? below, ApiException? error) = status.Type == FileType.Directory && depth > 0 ? TryRead(child) : default;
            if (error is not null || filter?.IsMatch(name) != false)
            {
                yield return FileEntries.Make(child, status) with { Error = error?.Message, ErrorCode = error?.Code };
            }

            foreach (FileEntry entry in below is null ? [] : List(child, inside + "/", below, depth - 1))
            {
                yield return entry;
            }
        }
    }

    private (List<(string Name, FileStatus Status)>? Entries, ApiException? Error) TryRead(string path)
    {
        try
        {
            return (Read(path, hidden), null);
        }
        catch (Win32Exception exception)
        {
            return (null, exception.NativeErrorCode == Errno.ENOENT ? null : FileErrorMapper.ToApiException(exception, path));
        }
    }
}
