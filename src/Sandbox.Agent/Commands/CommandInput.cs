using System.ComponentModel;
using System.Diagnostics.CodeAnalysis;
using System.IO.Pipelines;
using Sandbox.Linux;
using Sandbox.Protocol;

namespace Sandbox.Agent.Commands;

/// <summary>What a command reads, as it comes: written to a named pipe no faster than the command takes it.</summary>
/// <param name="isStopping">Whether somebody is ending the command.</param>
[SuppressMessage("Design", "CA1001:Types that own disposable fields should be disposable", Justification = "Neither a token source without a timer nor a semaphore without a wait handle holds anything to dispose of.")]
internal sealed class CommandInput(Func<bool> isStopping)
{
    private readonly Lock _gate = new();
    private readonly TaskCompletionSource _made = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource _closing = new();
    private readonly SemaphoreSlim _turn = new(1);
    private FileDescriptor? _pipe;
    private EventLoop.Watch? _watch;
    private TaskCompletionSource? _room;
    private bool _isOpened;
    private bool _closed;

    /// <summary>Makes the pipe; the command is about to start.</summary>
    /// <param name="path">Where it finds it.</param>
    /// <param name="loop">The loop that watches it.</param>
    /// <param name="openings">Tells when the shell has opened it.</param>
    public void Make(string path, EventLoop loop, FifoOpenWatcher openings)
    {
        lock (_gate)
        {
            _pipe = FileDescriptor.CreateFifoToWrite(path);
            _watch = loop.AddWriter(_pipe, OnRoom);
            try
            {
                openings.Add(path, OnOpened);
            }
            catch (Win32Exception)
            {
                // A user's programs share what the kernel gives of these. Without, the shell is taken to be as quick as it nearly always is.
                _isOpened = true;
            }
        }

        _made.SetResult();
    }

    /// <summary>Gives the command everything a request carries; what several requests bring comes in their order. What the command does not live to read is dropped.</summary>
    /// <param name="source">The request's body.</param>
    /// <param name="isLast">Whether the end of input follows, also when the request is given up; not when the command is being stopped then: it must not take a part for the whole.</param>
    /// <param name="cancellationToken">The request was given up.</param>
    /// <exception cref="ApiException"><see cref="ErrorCodes.InvalidRequest"/> when the input has ended.</exception>
    public async Task CopyFromAsync(PipeReader source, bool isLast, CancellationToken cancellationToken)
    {
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _closing.Token);
        bool isOurs = false;
        bool isWhole = false;
        try
        {
            await _turn.WaitAsync(stop.Token);
            isOurs = true;
            await _made.Task.WaitAsync(stop.Token);
            while (true)
            {
                ReadResult read = await source.ReadAsync(stop.Token);
                foreach (ReadOnlyMemory<byte> part in read.Buffer)
                {
                    await WriteAsync(part, stop.Token);
                }

                source.AdvanceTo(read.Buffer.End);
                if (read.IsCompleted)
                {
                    isWhole = true;
                    break;
                }
            }
        }
        catch (OperationCanceledException) when (_closing.IsCancellationRequested)
        {
            if (!isOurs)
            {
                throw new ApiException(ErrorCodes.InvalidRequest, "The input of this command has ended; it takes no more.");
            }

            // The command has ended.
        }
        finally
        {
            if (isOurs)
            {
                _turn.Release();
                if (isLast && (isWhole || !isStopping()))
                {
                    End();
                }
            }
        }
    }

    /// <summary>The command has ended; it reads no more.</summary>
    public void Close()
    {
        lock (_gate)
        {
            _closed = true;
            Release();
        }

        _closing.Cancel();
    }

    // A pipe that went before the shell has opened it would be lost with all it holds, and the shell wait for another for ever.
    private void End()
    {
        lock (_gate)
        {
            _closed = true;
            if (_isOpened)
            {
                Release();
            }
        }

        _closing.Cancel();
    }

    private void OnOpened()
    {
        lock (_gate)
        {
            _isOpened = true;
            if (_closed)
            {
                Release();
            }
        }
    }

    private void Release()
    {
        _watch?.Dispose();
        _pipe?.Dispose();
    }

    private async ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        while (bytes.Length > 0)
        {
            Task wait;
            lock (_gate)
            {
                cancellationToken.ThrowIfCancellationRequested();
                bytes = bytes[_pipe!.Write(bytes.Span)..];
                if (bytes.Length == 0)
                {
                    return;
                }

                _room = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                wait = _room.Task;
                _watch!.Resume();
            }

            await wait.WaitAsync(cancellationToken);
        }
    }

    private void OnRoom()
    {
        lock (_gate)
        {
            if (!_closed)
            {
                _watch!.Pause();
                _room?.TrySetResult();
            }
        }
    }
}
