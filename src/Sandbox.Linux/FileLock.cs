namespace Sandbox.Linux;

/// <summary>A lock on a file that ends with its process, however that ends. See flock(2).</summary>
public sealed class FileLock : IDisposable
{
    private readonly FileDescriptor file;

    private FileLock(FileDescriptor file) => this.file = file;

    /// <summary>Takes the lock.</summary>
    /// <param name="path">The file; made when missing.</param>
    /// <returns>The lock, or null when another process holds it.</returns>
    public static FileLock? TryTake(string path)
    {
        // No FileStream: that takes a lock of its own, and fails where another process holds this one.
        FileDescriptor file = FileDescriptor.Adopt(LibC.Check(LibC.open(path, LibC.O_WRONLY | LibC.O_CREAT | LibC.O_CLOEXEC, 0x180 /* 0600 */), path));
        if (LibC.flock(file.Number, LibC.LOCK_EX | LibC.LOCK_NB) == 0)
        {
            return new FileLock(file);
        }

        file.Dispose();
        return null;
    }

    /// <inheritdoc/>
    public void Dispose() => file.Dispose();
}
