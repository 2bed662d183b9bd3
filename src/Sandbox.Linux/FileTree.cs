using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;

namespace Sandbox.Linux;

/// <summary>Removes directories that hostile code has filled: with any names, permissions and depth. Links are removed, never followed.</summary>
/// <remarks>Nothing else may write to the tree meanwhile. There is no recursion: deeper directories are moved into the topmost one first.</remarks>
public static unsafe class FileTree
{
    private const uint OwnerAll = 0x1c0; // 0700
    private const int NamesAtOnce = 4096;
    private static readonly byte[] Itself = ".\0"u8.ToArray();

    /// <summary>Removes a directory with its content; does nothing when it does not exist. It must not be a link.</summary>
    public static void Remove(string path)
    {
        if (Directory.Exists(path))
        {
            Remove(new LinuxPath(Encoding.UTF8.GetBytes(path)));
        }
    }

    /// <summary>Removes a directory with its content. It must not be a link.</summary>
    public static void Remove(LinuxPath path)
    {
        using (FileDescriptor top = OpenDirectory(LibC.AT_FDCWD, path.Terminated))
        {
            long moved = 0;
            for (List<byte[]> names = NamesIn(top); names.Count > 0; names = NamesIn(top))
            {
                foreach (byte[] name in names)
                {
                    if (!TryRemove(top, name))
                    {
                        Flatten(top, name, ref moved);
                    }
                }
            }
        }

        FileSystem.RemoveDirectory(path);
    }

    /// <summary>Removes a subdirectory after moving its own subdirectories up.</summary>
    private static void Flatten(FileDescriptor top, byte[] name, ref long moved)
    {
        using FileDescriptor directory = OpenDirectory(top.Number, name);
        for (List<byte[]> children = NamesIn(directory); children.Count > 0; children = NamesIn(directory))
        {
            foreach (byte[] child in children)
            {
                if (!TryRemove(directory, child))
                {
                    MoveUp(directory, child, top, ref moved);
                }
            }
        }

        LibC.Check(LibC.unlinkat(top.Number, name, LibC.AT_REMOVEDIR), Display(name));
    }

    /// <summary>Removes a file, a link or an empty directory; false for a directory that is not empty.</summary>
    private static bool TryRemove(FileDescriptor directory, byte[] name)
    {
        if (LibC.unlinkat(directory.Number, name, 0) == 0)
        {
            return true;
        }

        int error = Marshal.GetLastPInvokeError();
        if (error == Errno.EISDIR)
        {
            return LibC.unlinkat(directory.Number, name, LibC.AT_REMOVEDIR) == 0;
        }

        return error == Errno.ENOENT ? true : throw LibC.Failure(error, Display(name));
    }

    private static void MoveUp(FileDescriptor directory, byte[] name, FileDescriptor top, ref long moved)
    {
        // Moving a directory changes its '..', so it has to be writable itself.
        using (OpenAccessible(directory.Number, name))
        {
        }

        while (true)
        {
            byte[] free = Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $".removed-{moved++}\0"));
            if (LibC.renameat(directory.Number, name, top.Number, free) == 0)
            {
                return;
            }

            // A hostile tree may contain such names.
            if (Marshal.GetLastPInvokeError() is var error and not (Errno.EEXIST or Errno.ENOTEMPTY or Errno.ENOTDIR))
            {
                throw LibC.Failure(error, Display(name));
            }
        }
    }

    private static FileDescriptor OpenDirectory(int parent, byte[] name)
    {
        using FileDescriptor directory = OpenAccessible(parent, name);
        return FileDescriptor.Adopt(LibC.Check(LibC.openat(directory.Number, Itself, LibC.O_RDONLY | LibC.O_DIRECTORY | LibC.O_CLOEXEC, 0), Display(name)));
    }

    // Opened before its permissions change, and changed through the descriptor: a name could meanwhile be a link to a directory elsewhere.
    private static FileDescriptor OpenAccessible(int parent, byte[] name)
    {
        int flags = LibC.O_PATH | LibC.O_DIRECTORY | LibC.O_NOFOLLOW | LibC.O_CLOEXEC;
        FileDescriptor directory = FileDescriptor.Adopt(LibC.Check(LibC.openat(parent, name, flags, 0), Display(name)));
        byte[] path = Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"/proc/self/fd/{directory.Number}\0"));
        if (LibC.fchmodat(LibC.AT_FDCWD, path, OwnerAll, 0) != 0)
        {
            int error = Marshal.GetLastPInvokeError();
            directory.Dispose();
            throw LibC.Failure(error, Display(name));
        }

        return directory;
    }

    /// <summary>Returns some of a directory's entries as they are stored, each with a closing zero.</summary>
    private static List<byte[]> NamesIn(FileDescriptor directory)
    {
        List<byte[]> names = [];

        // Read through a descriptor of its own, because the reader closes it.
        using DirectoryReader reader = DirectoryReader.Open(directory.Number, Itself, "directory");
        while (names.Count < NamesAtOnce && reader.Read())
        {
            names.Add([.. reader.Name, 0]);
        }

        return names;
    }

    private static string Display(byte[] name) => Encoding.UTF8.GetString(name.AsSpan(..^1));
}
