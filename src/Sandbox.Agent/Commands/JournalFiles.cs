using System.ComponentModel;
using System.Globalization;
using Sandbox.Linux;

namespace Sandbox.Agent.Commands;

/// <summary>The files that journals lie in. One that is no longer needed serves again: on some file systems, making and deleting a file for each command costs more than the command.</summary>
internal sealed class JournalFiles
{
    private const int MostFree = 64;

    private readonly Lock gate = new();
    private readonly Stack<string> free = [];
    private readonly string directory;
    private long count;

    /// <summary>Opens the directory.</summary>
    /// <param name="directory">Where the files are; made when missing.</param>
    public JournalFiles(string directory)
    {
        this.directory = directory;
        Directory.CreateDirectory(directory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    /// <summary>The files that an earlier agent left in use; from now on the others serve again.</summary>
    public IReadOnlyList<string> FindUsed()
    {
        List<string> used = [];
        foreach (FileInfo file in new DirectoryInfo(directory).EnumerateFiles())
        {
            if (long.TryParse(file.Name, NumberStyles.None, CultureInfo.InvariantCulture, out long number))
            {
                count = Math.Max(count, number);
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
        lock (gate)
        {
            return free.TryPop(out string? path) ? path : Path.Combine(directory, (++count).ToString(CultureInfo.InvariantCulture));
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

        lock (gate)
        {
            if (free.Count < MostFree)
            {
                free.Push(path);
                return;
            }
        }

        File.Delete(path);
    }
}
