using System.Buffers;
using Sandbox.Linux;

namespace Sandbox.Agent.Files;

/// <summary>Copies a file or a tree to a new path. Links stay links, FIFOs are created anew; sockets, which only their program could create, are left
/// out.</summary>
internal sealed class CopyOperation(UnfinishedFiles unfinished, CancellationToken cancellationToken)
{
    private const int ChunkSize = 256 * 1024;

    /// <param name="follow">Whether the source itself, when it is a link, is followed.</param>
    public void Copy(string from, string to, bool follow)
    {
        cancellationToken.ThrowIfCancellationRequested();
        LinuxPath source = SandboxPath.Native(from), copy = SandboxPath.Native(to);
        FileStatus status = FileStatus.Of(source, follow);
        switch (status.Type)
        {
            case FileType.Directory:
                CopyDirectory(from, to);
                break;
            case FileType.Regular:
                CopyFile(source, copy);
                break;
            case FileType.Link:
                FileSystem.MakeLink(copy, FileSystem.ReadLink(source));
                break;
            case FileType.Fifo when !follow:
                FileSystem.MakeFifo(copy, status.Permissions);
                break;
            case FileType.Socket when !follow:
                return;
            default:
                throw FileErrorMapper.NotAFile(status.Type, from);
        }

        if (status.Type != FileType.Link)
        {
            FileSystem.SetPermissions(copy, status.Permissions);
        }

        FileSystem.SetModified(copy, status.ModifiedAt);
    }

    private void CopyDirectory(string from, string to)
    {
        FileSystem.MakeDirectory(SandboxPath.Native(to), Defaults.UnfinishedDirectory);
        foreach ((string name, _) in DirectoryListing.Read(from, hidden: true))
        {
            if (SandboxPath.Join(from, name) is var item && !unfinished.Contains(item))
            {
                Copy(item, SandboxPath.Join(to, name), follow: false);
            }
        }
    }

    private void CopyFile(LinuxPath from, LinuxPath to)
    {
        using FileDescriptor source = FileDescriptor.OpenToRead(from);
        using FileDescriptor copy = FileDescriptor.CreateNew(to, Defaults.Unfinished);
        long? count;
        while ((count = FileSystem.Copy(source, copy)) > 0)
        {
            cancellationToken.ThrowIfCancellationRequested();
        }

        // Used where the kernel cannot copy, or reports nothing, as for files of /proc.
        byte[] buffer = ArrayPool<byte>.Shared.Rent(ChunkSize);
        try
        {
            for (int read; (read = source.Read(buffer)) > 0;)
            {
                cancellationToken.ThrowIfCancellationRequested();
                copy.WriteAll(buffer.AsSpan(0, read));
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
