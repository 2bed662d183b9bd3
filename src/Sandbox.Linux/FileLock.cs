namespace Sandbox.Linux;

/// <summary>A lock on a file that ends with its process, however that exits. See flock(2).</summary>
public sealed class FileLock : IDisposable
{
    private readonly FileDescriptor _file;

    private FileLock(FileDescriptor file) => _file = file;

    /// <summary>Takes the lock, or returns null when another process holds it. A missing file is created.</summary>
    public static FileLock? TryTake(string path)
    {
        // No FileStream: it takes a lock of its own, and fails while another process holds this one.
        FileDescriptor file = FileDescriptor.Adopt(LibC.Check(LibC.open(path, LibC.O_WRONLY | LibC.O_CREAT | LibC.O_CLOEXEC, 0x180 /* 0600 */), path));
        if (LibC.flock(file.Number, LibC.LOCK_EX | LibC.LOCK_NB) == 0)
        {
            return new FileLock(file);
        }

        file.Dispose();
        return null;
    }

    /// <inheritdoc />
    public void Dispose() => _file.Dispose();
}
