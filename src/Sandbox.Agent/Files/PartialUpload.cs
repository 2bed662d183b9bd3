using Sandbox.Linux;
using Sandbox.Protocol;

namespace Sandbox.Agent.Files;

/// <summary>The new content of a file that is being replaced. Until it is complete it has no name, where the file system supports that: nobody sees it, and
/// nothing of it is left when the agent is killed.</summary>
/// <param name="id">Null for an upload that cannot be resumed.</param>
/// <param name="isNew">Whether the destination does not exist yet.</param>
/// <param name="unfinished">Where temporary names are recorded.</param>
internal sealed class PartialUpload(string? id, string destination, bool isNew, UnfinishedFiles unfinished)
{
    private FileDescriptor? _file;
    private string? _temporary;
    private Task _lastTurn = Task.CompletedTask;

    public string? Id { get; } = id;

    public string Destination { get; } = destination;

    /// <summary>How often its connection broke.</summary>
    public int Breaks { get; set; }

    /// <summary>How many bytes have arrived; null before the first.</summary>
    public long? Length => _file is null ? null : FileStatus.Of(_file).Size;

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

    /// <summary>Prepares the new content for writing from an offset on.</summary>
    /// <returns>The file, which stays open for the next request.</returns>
    public FileDescriptor OpenAt(long offset)
    {
        if (offset > (Length ?? 0))
        {
            throw new ApiException(ErrorCodes.PreconditionFailed, $"No upload of this id has {offset} bytes to resume from. Start again.");
        }

        _file ??= FileDescriptor.TryCreateUnnamed(SandboxPath.Native(SandboxPath.Parent(Destination)), Defaults.File)
            ?? FileDescriptor.CreateNew(SandboxPath.Native(AddName()), Defaults.File);
        _file.Truncate(offset);
        _file.Seek(offset);
        return _file;
    }

    /// <summary>Replaces the destination.</summary>
    public void Replace()
    {
        if (_temporary is null && isNew && FileSystem.TryGiveName(_file!, SandboxPath.Native(Destination)))
        {
            return;
        }

        if (_temporary is null && !FileSystem.TryGiveName(_file!, SandboxPath.Native(AddName())))
        {
            throw new ApiException(ErrorCodes.PathExists, $"'{PathText.ToDisplay(_temporary!)}' exists already.");
        }

        FileSystem.Rename(SandboxPath.Native(_temporary!), SandboxPath.Native(Destination), replace: true);
    }

    /// <summary>Removes what has not replaced the destination.</summary>
    public void Remove()
    {
        _file?.Dispose();
        if (_temporary is not null)
        {
            unfinished.Remove(_temporary);
        }
    }

    private string AddName() => _temporary = unfinished.Add(TemporaryName.Beside(Destination, isNew));

    private sealed class Turn : IDisposable
    {
        private readonly TaskCompletionSource _end = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task End => _end.Task;

        public void Dispose() => _end.TrySetResult();
    }
}
