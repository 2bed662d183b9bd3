using System.Text;
using Sandbox.Linux;

namespace Sandbox.Agent;

/// <summary>The agent's files, where sandboxed code can write too: a FIFO or a link in their place would block or divert the agent, so it is removed.</summary>
internal static class PrivateFiles
{
    private const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    public static void MakeDirectory(string path)
    {
        if (TypeOf(path) is not (null or FileType.Directory))
        {
            File.Delete(path);
        }

        Directory.CreateDirectory(path, Private);
        Open(path, Private);
    }

    /// <summary>Returns whether there is a regular file, and removes anything else.</summary>
    public static bool Exists(string path)
    {
        FileType? type = TypeOf(path);
        if (type == FileType.Directory)
        {
            FileTree.Remove(path);
        }
        else if (type == FileType.Regular)
        {
            Open(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }
        else if (type is not null)
        {
            File.Delete(path);
        }

        return type == FileType.Regular;
    }

    /// <summary>Renames a damaged file, so that it is out of the way and a person can look at it.</summary>
    public static void SetAside(string path)
    {
        string aside = path + ".damaged";
        Exists(aside);
        File.Move(path, aside, overwrite: true);
    }

    // Sandboxed code may have taken the permissions away.
    private static void Open(string path, UnixFileMode needed)
    {
        UnixFileMode mode = File.GetUnixFileMode(path);
        if ((mode & needed) != needed)
        {
            File.SetUnixFileMode(path, mode | needed);
        }
    }

    private static FileType? TypeOf(string path) => FileStatus.TryOf(new LinuxPath(Encoding.UTF8.GetBytes(path)), follow: false)?.Type;
}
