using System.ComponentModel;
using System.Globalization;
using Sandbox.Linux;

namespace Sandbox.Agent.Commands;

/// <summary>The files of output logs. Unused ones are kept for reuse: on some file systems, creating and deleting a file for each command costs more than the
/// command.</summary>
internal sealed class SegmentPool
{
    private const int MaximumFree = 64;

    private readonly Lock _gate = new();
    private readonly Stack<string> _free = [];
    private readonly string _directory;
    private long _count;

    public SegmentPool(string directory)
    {
        _directory = directory;
        PrivateFiles.MakeDirectory(directory);
    }

    /// <summary>Finds the files that an earlier agent used; empty ones become free.</summary>
    public IReadOnlyList<string> FindUsed()
    {
        List<string> used = [];
        foreach (FileInfo file in new DirectoryInfo(_directory).EnumerateFiles())
        {
            if (PrivateFiles.Exists(file.FullName) && long.TryParse(file.Name, NumberStyles.None, CultureInfo.InvariantCulture, out long number))
            {
                _count = Math.Max(_count, number);
                if (file.Length > 0)
                {
                    used.Add(file.FullName);
                }
                else
                {
                    GiveBack(file.FullName);
                }
            }
        }

        return used;
    }

    /// <summary>Gets the path of an empty or not yet existing file.</summary>
    public string Take()
    {
        lock (_gate)
        {
            return _free.TryPop(out string? path) ? path : Path.Combine(_directory, (++_count).ToString(CultureInfo.InvariantCulture));
        }
    }

    /// <summary>Empties a file and makes it free. It must not be open anywhere.</summary>
    public void GiveBack(string path)
    {
        try
        {
            using FileDescriptor file = FileDescriptor.OpenToWrite(path);
            file.Truncate(0);
        }
        catch (Win32Exception)
        {
            // Sandboxed code may have deleted it; it is then created again.
        }

        lock (_gate)
        {
            if (_free.Count < MaximumFree)
            {
                _free.Push(path);
                return;
            }
        }

        File.Delete(path);
    }
}
