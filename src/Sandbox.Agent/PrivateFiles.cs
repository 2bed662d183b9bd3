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
    }

    /// <summary>Returns whether there is a regular file, and removes anything else.</summary>
    public static bool Exists(string path)
    {
        FileType? type = TypeOf(path);
        if (type == FileType.Directory)
        {
            FileTree.Remove(path);
        }
        else if (type is not (null or FileType.Regular))
        {
            File.Delete(path);
        }

        return type == FileType.Regular;
    }

    private static FileType? TypeOf(string path) => FileStatus.TryOf(new LinuxPath(Encoding.UTF8.GetBytes(path)), follow: false)?.Type;
}
