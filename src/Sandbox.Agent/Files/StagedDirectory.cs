using System.ComponentModel;
using Sandbox.Linux;
using Sandbox.Protocol;

namespace Sandbox.Agent.Files;

/// <summary>Brings an unpacked tree to its place.</summary>
/// <param name="staging">Where it lies, on the same file system.</param>
/// <param name="destination">Its place.</param>
internal sealed class StagedDirectory(string staging, string destination)
{
    /// <summary>To where nothing is: at once.</summary>
    public void Publish() => FileOperations.Rename(staging, destination, overwrite: false);

    /// <summary>In place of all that is in a directory, which itself stays: it may be a mount point. What fails half-way is taken back.</summary>
    public void Replace()
    {
        string old = TemporaryName.In(destination);
        FileSystem.MakeDirectory(SandboxPath.Native(old), Defaults.UnfinishedDirectory);
        List<(string From, string To)> moved = [];
        try
        {
            MoveAll(destination, old, moved, except: [SandboxPath.Name(staging), SandboxPath.Name(old)]);
            MoveAll(staging, destination, moved, except: []);
        }
        catch (Win32Exception)
        {
            foreach ((string from, string to) in Enumerable.Reverse(moved))
            {
                FileOperations.Rename(to, from, overwrite: false);
            }

            FileSystem.RemoveDirectory(SandboxPath.Native(old));
            throw;
        }

        FileTree.Remove(SandboxPath.Native(old));
    }

    /// <summary>Into a directory: files take the place of files, directories are merged; anything else is refused before anything is changed.</summary>
    public void Merge()
    {
        Walk(staging, destination, RequireFree);
        Walk(staging, destination, (from, to, isDirectory) =>
        {
            if (!isDirectory)
            {
                FileOperations.Rename(from, to, overwrite: true);
            }
        });
    }

    private static void MoveAll(string from, string to, List<(string From, string To)> moved, string[] except)
    {
        foreach ((string name, _) in DirectoryListing.Read(from, hidden: true))
        {
            if (!except.Contains(name))
            {
                FileOperations.Rename(SandboxPath.Join(from, name), SandboxPath.Join(to, name), overwrite: false);
                moved.Add((SandboxPath.Join(from, name), SandboxPath.Join(to, name)));
            }
        }
    }

    // A directory without a counterpart is one step; one with a counterpart is looked into.
    private static void Walk(string from, string to, Action<string, string, bool> visit)
    {
        foreach ((string name, FileStatus status) in DirectoryListing.Read(from, hidden: true))
        {
            string source = SandboxPath.Join(from, name), target = SandboxPath.Join(to, name);
            bool isMerged = status.Type == FileType.Directory && FileStatus.TryOf(SandboxPath.Native(target), follow: false) is not null;
            visit(source, target, isMerged);
            if (isMerged)
            {
                Walk(source, target, visit);
            }
        }
    }

    private static void RequireFree(string from, string to, bool isMerged)
    {
        FileStatus? there = FileStatus.TryOf(SandboxPath.Native(to), follow: false);
        if (isMerged && there?.Type != FileType.Directory)
        {
            throw new ApiException(ErrorCodes.NotADirectory, $"'{PathText.ToDisplay(to)}' is no directory, and the archive has one of this name. Nothing was changed.");
        }

        if (!isMerged && there?.Type == FileType.Directory)
        {
            throw new ApiException(ErrorCodes.IsADirectory, $"'{PathText.ToDisplay(to)}' is a directory, and the archive has something else of this name. Nothing was changed.");
        }
    }
}
