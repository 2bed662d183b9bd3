using System.ComponentModel;
using Sandbox.Linux;
using Sandbox.Protocol;

namespace Sandbox.Agent.Files;

/// <summary>The new content of a file that is being replaced, in a temporary file next to it.</summary>
/// <param name="id">Null for an upload that cannot be resumed.</param>
/// <param name="isNew">Whether the destination does not exist yet.</param>
internal sealed class PartialUpload(string? id, string destination, bool isNew)
{
    private readonly LinuxPath _temporary = SandboxPath.Native(TemporaryName.Beside(destination, isNew));
    private Task _lastTurn = Task.CompletedTask;

    public string? Id { get; } = id;

    public string Destination { get; } = destination;

    /// <summary>How often its connection broke.</summary>
    public int Breaks { get; set; }

    /// <summary>How many bytes have arrived; null before the first.</summary>
    public long? Length => FileStatus.TryOf(_temporary, follow: false)?.Size;

    /// <summary>Waits for an earlier request of this upload, whose broken connection may not have been noticed yet.</summary>
    public async Task<IDisposable> EnterAsync(CancellationToken cancellationToken)
    {
        Turn turn = new();
        Task before = Interlocked.Exchange(ref _lastTurn, turn.End);
        try
        {
            await before.WaitAsync(cancellationToken);
            return turn;
        }
        catch (OperationCanceledException)
        {
            _ = before.ContinueWith(_ => turn.Dispose(), TaskScheduler.Default);
            throw;
        }
    }

    /// <summary>Opens the temporary file for writing from an offset on.</summary>
    public FileDescriptor OpenAt(long offset)
    {
        if (offset > (Length ?? 0))
        {
            throw new ApiException(ErrorCodes.PreconditionFailed, $"No upload of this id has {offset} bytes to resume from. Start again.");
        }

        FileDescriptor file = FileDescriptor.OpenToAppend(_temporary, Defaults.File);
        try
        {
            file.Truncate(offset);
            return file;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Replaces the destination.</summary>
    public void Replace() => FileSystem.Rename(_temporary, SandboxPath.Native(Destination), replace: true);

    /// <summary>Removes the temporary file.</summary>
    public void Remove()
    {
        try
        {
            FileSystem.RemoveFile(_temporary);
        }
        catch (Win32Exception exception) when (exception.NativeErrorCode is Errno.ENOENT or Errno.ENOTDIR or Errno.EACCES or Errno.ENAMETOOLONG)
        {
            // It has replaced the destination, or could not be created.
        }
    }

    private sealed class Turn : IDisposable
    {
        private readonly TaskCompletionSource _end = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task End => _end.Task;

        public void Dispose() => _end.TrySetResult();
    }
}
