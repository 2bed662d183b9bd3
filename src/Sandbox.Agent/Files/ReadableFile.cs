using System.IO.Pipelines;
using Sandbox.Linux;

namespace Sandbox.Agent.Files;

/// <summary>A regular file that is open for reading.</summary>
internal sealed class ReadableFile : IDisposable
{
    private const int ChunkSize = 128 * 1024;

    private readonly FileDescriptor _file;

    private ReadableFile(FileDescriptor file, FileStatus status) => (_file, Status) = (file, status);

    public FileStatus Status { get; }

    public string Version => FileVersion.Of(Status)!;

    /// <summary>Opens a file. Links are followed.</summary>
    /// <exception cref="Protocol.ApiException">It is not a regular file.</exception>
    public static ReadableFile Open(string path)
    {
        LinuxPath native = SandboxPath.Native(path);
        FileErrorMapper.RequireRegular(FileStatus.Of(native, follow: true), path);
        FileDescriptor file = FileDescriptor.OpenToRead(native);
        try
        {
            // Another file may be at the path by now.
            FileStatus status = FileStatus.Of(file);
            FileErrorMapper.RequireRegular(status, path);
            return new ReadableFile(file, status);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Writes a part of the file.</summary>
    /// <returns>Whether all was written or the reader has gone; false when the file ended before.</returns>
    public async Task<bool> CopyToAsync(PipeWriter writer, long offset, long length, CancellationToken cancellationToken)
    {
        _file.Seek(offset);
        while (length > 0)
        {
            int wanted = (int)Math.Min(length, ChunkSize);
            int count = _file.Read(writer.GetMemory(wanted).Span[..wanted]);
            if (count <= 0)
            {
                return false;
            }

            writer.Advance(count);
            length -= count;
            if ((await writer.FlushAsync(cancellationToken)).IsCompleted)
            {
                return true;
            }
        }

        return true;
    }

    /// <inheritdoc />
    public void Dispose() => _file.Dispose();
}
