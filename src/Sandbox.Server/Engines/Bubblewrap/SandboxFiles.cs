using Sandbox.Linux;
using Sandbox.Server.Infrastructure;

namespace Sandbox.Server.Engines.Bubblewrap;

/// <summary>The files of sandboxes.</summary>
internal static class SandboxFiles
{
    private const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
    private const UnixFileMode Passable = Private | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;

    /// <summary>Makes the directories of a new sandbox.</summary>
    /// <param name="directories">Which.</param>
    /// <param name="userId">The user it will run as.</param>
    public static void Make(SandboxDirectories directories, uint userId)
    {
        ServerHome.Make(directories.Top, userId == CurrentProcess.EffectiveUserId ? Private : Passable);
        foreach (string directory in (string[])[directories.Workspace, directories.Home, directories.State])
        {
            Directory.CreateDirectory(directory, Private);
            if (userId != CurrentProcess.EffectiveUserId)
            {
                FileOwner.Give(directory, userId);
            }
        }
    }

    /// <summary>Removes everything of a sandbox. The record goes last, so that an unfinished removal is known as one.</summary>
    /// <param name="home">The server's home.</param>
    /// <param name="number">The sandbox's number.</param>
    public static void Remove(ServerHome home, int number)
    {
        SandboxDirectories directories = new(home.SandboxDirectory(number));
        FileTree.Remove(home.RunDirectory(number));
        FileTree.Remove(directories.Workspace);
        FileTree.Remove(directories.Home);
        FileTree.Remove(directories.State);
        FileTree.Remove(directories.Top);
    }
}
