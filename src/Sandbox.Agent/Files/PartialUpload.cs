using System.ComponentModel;
using Sandbox.Linux;
using Sandbox.Protocol;

namespace Sandbox.Agent.Files;

/// <summary>A file that is being replaced: its new bytes, beside it.</summary>
/// <param name="id">Its id; null for one that does not outlive its connection.</param>
/// <param name="destination">The file it is to replace.</param>
/// <param name="isNew">Whether that file does not exist yet.</param>
internal sealed class PartialUpload(string? id, string destination, bool isNew)
{
    private readonly LinuxPath _temporary = SandboxPath.Native(TemporaryName.Beside(destination, isNew));
    private Task _lastTurn = Task.CompletedTask;

    /// <summary>Its id; null for one that does not outlive its connection.</summary>
    public string? Id { get; } = id;

    /// <summary>The file it is to replace.</summary>
    public string Destination { get; } = destination;

    /// <summary>How often its connection broke.</summary>
    public int Breaks { get; set; }

    /// <summary>How many bytes there are; null before the first.</summary>
    public long? Length => FileStatus.TryOf(_temporary, follow: false)?.Size;

    /// <summary>Waits for a former request, whose connection may not know yet that it is broken.</summary>
    /// <param name="cancellationToken">Stops waiting.</param>
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

    /// <summary>Opens the new bytes for writing from a place on.</summary>
    /// <param name="offset">The place.</param>
    public FileDescriptor OpenAt(long offset)
    {
        if (offset > (Length ?? 0))
        {
            throw new ApiException(ErrorCodes.PreconditionFailed, $"There is no upload of this id with {offset} bytes to go on with. Begin again.");
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

    /// <summary>Takes the file's place.</summary>
    public void Replace() => FileSystem.Rename(_temporary, SandboxPath.Native(Destination), replace: true);

    /// <summary>Removes what has not taken its place.</summary>
    public void Remove()
    {
        try
        {
            FileSystem.RemoveFile(_temporary);
        }
        catch (Win32Exception exception) when (exception.NativeErrorCode is ErrorNumbers.NoEntry or ErrorNumbers.NotDirectory or ErrorNumbers.AccessDenied or ErrorNumbers.NameTooLong)
        {
            // It has taken its place, or could never be made.
        }
    }

    private sealed class Turn : IDisposable
    {
        private readonly TaskCompletionSource _end = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task End => _end.Task;

        public void Dispose() => _end.TrySetResult();
    }
}
