using System.ComponentModel;
using Sandbox.Linux;
using Sandbox.Protocol;

namespace Sandbox.Agent.Files;

/// <summary>A directory that is filled next to its destination, on the same file system, and then moved there.</summary>
/// <param name="isNew">Whether nothing is at the destination. A directory that exists may be a mount point; then the staged one must lie in it.</param>
/// <param name="unfinished">Where it is recorded.</param>
internal sealed class StagedDirectory(string destination, bool isNew, UnfinishedFiles unfinished) : IDisposable
{
    /// <summary>Where to fill it. It is not created.</summary>
    public string Path { get; } = unfinished.Add(isNew ? TemporaryName.Beside(destination) : TemporaryName.In(destination));

    /// <summary>Removes what is left of it.</summary>
    public void Dispose() => unfinished.Remove(Path);

    /// <summary>Moves it to its destination; one that exists is merged with it.</summary>
    public void Publish()
    {
        if (isNew)
        {
            FileOperations.Rename(Path, destination, overwrite: false);
        }
        else
        {
            Merge();
        }
    }

    /// <summary>Replaces the content of the destination, which itself stays: it may be a mount point. A failure half-way is undone.</summary>
    public void Replace()
    {
        string old = TemporaryName.In(destination);
        FileSystem.MakeDirectory(SandboxPath.Native(old), Defaults.UnfinishedDirectory);
        List<(string From, string To)> moved = [];
        try
        {
            MoveAll(destination, old, moved, except: [SandboxPath.Name(Path), SandboxPath.Name(old)]);
            MoveAll(Path, destination, moved, except: []);
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

        // From now on nobody needs it; until now it was the user's.
        unfinished.Add(old);
        FileTree.Remove(SandboxPath.Native(old));
        unfinished.Remove(old);
    }

    // Files replace files, directories are merged; any other combination is refused before anything is changed.
    private void Merge()
    {
        Walk(Path, destination, RequireFree);
        Walk(Path, destination, (from, to, isDirectory) =>
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

    // A directory that has no counterpart is moved as a whole; one that has is merged.
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
            throw new ApiException(
                ErrorCodes.NotADirectory, $"'{PathText.ToDisplay(to)}' is not a directory, but the archive has one of this name. Nothing was changed.");
        }

        if (!isMerged && there?.Type == FileType.Directory)
        {
            throw new ApiException(
                ErrorCodes.IsADirectory, $"'{PathText.ToDisplay(to)}' is a directory, but the archive has something else of this name. Nothing was changed.");
        }
    }
}
