using System.ComponentModel;
using System.Globalization;
using Sandbox.Linux;

namespace Sandbox.Agent.Commands;

/// <summary>The files that journals lie in. One that is no longer needed serves again: on some file systems, making and deleting a file for each command costs more than the command.</summary>
internal sealed class SegmentPool
{
    private const int MostFree = 64;

    private readonly Lock _gate = new();
    private readonly Stack<string> _free = [];
    private readonly string _directory;
    private long _count;

    /// <summary>Opens the directory.</summary>
    /// <param name="directory">Where the files are; made when missing.</param>
    public SegmentPool(string directory)
    {
        _directory = directory;
        Directory.CreateDirectory(directory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    /// <summary>The files that an earlier agent left in use; from now on the others serve again.</summary>
    public IReadOnlyList<string> FindUsed()
    {
        List<string> used = [];
        foreach (FileInfo file in new DirectoryInfo(_directory).EnumerateFiles())
        {
            if (long.TryParse(file.Name, NumberStyles.None, CultureInfo.InvariantCulture, out long number))
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

    /// <summary>The path of an empty file, or of one that does not exist yet.</summary>
    public string Take()
    {
        lock (_gate)
        {
            return _free.TryPop(out string? path) ? path : Path.Combine(_directory, (++_count).ToString(CultureInfo.InvariantCulture));
        }
    }

    /// <summary>Empties a file for the next one who needs one. Nobody may have it open.</summary>
    /// <param name="path">The file.</param>
    public void GiveBack(string path)
    {
        try
        {
            using FileDescriptor file = FileDescriptor.OpenToWrite(path);
            file.Truncate(0);
        }
        catch (Win32Exception)
        {
            // Code in the sandbox may have deleted it; then it is made anew.
        }

        lock (_gate)
        {
            if (_free.Count < MostFree)
            {
                _free.Push(path);
                return;
            }
        }

        File.Delete(path);
    }
}
