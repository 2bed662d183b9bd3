using System.Diagnostics.CodeAnalysis;
using System.IO.Pipelines;
using Sandbox.Linux;
using Sandbox.Protocol;

namespace Sandbox.Agent.Commands;

/// <summary>What a command reads, as it comes: written to a named pipe no faster than the command takes it.</summary>
[SuppressMessage("Design", "CA1001:Types that own disposable fields should be disposable", Justification = "A token source without a timer holds nothing to dispose of.")]
internal sealed class CommandInput
{
    private readonly Lock gate = new();
    private readonly TaskCompletionSource opened = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource closing = new();
    private FileDescriptor? pipe;
    private EventLoop.Watch? watch;
    private TaskCompletionSource? room;
    private bool taken;
    private bool closed;

    /// <summary>Makes the pipe; the command is about to start.</summary>
    /// <param name="path">Where it finds it.</param>
    /// <param name="loop">The loop that watches it.</param>
    public void Open(string path, EventLoop loop)
    {
        lock (gate)
        {
            pipe = FileDescriptor.CreateFifoToWrite(path);
            watch = loop.AddWriter(pipe, OnRoom);
        }

        opened.SetResult();
    }

    /// <summary>Gives the command everything a request carries, then the end of input. What the command does not live to read is dropped.</summary>
    /// <param name="source">The request's body.</param>
    /// <param name="cancellation">The request was given up; then the command gets its end of input at once.</param>
    /// <exception cref="ApiException"><see cref="ErrorCodes.InvalidRequest"/> when another request has brought the input.</exception>
    public async Task CopyFromAsync(PipeReader source, CancellationToken cancellation)
    {
        lock (gate)
        {
            if (taken)
            {
                throw new ApiException(ErrorCodes.InvalidRequest, "Another request has brought this command's input.");
            }

            taken = true;
        }

        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation, closing.Token);
        try
        {
            await opened.Task.WaitAsync(stop.Token);
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
                    break;
                }
            }
        }
        catch (OperationCanceledException) when (closing.IsCancellationRequested)
        {
            // The command has ended.
        }
        finally
        {
            Close();
        }
    }

    /// <summary>The end of input.</summary>
    public void Close()
    {
        lock (gate)
        {
            if (closed)
            {
                return;
            }

            closed = true;
            watch?.Dispose();
            pipe?.Dispose();
        }

        closing.Cancel();
    }

    private async ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken stop)
    {
        while (bytes.Length > 0)
        {
            Task wait;
            lock (gate)
            {
                stop.ThrowIfCancellationRequested();
                bytes = bytes[pipe!.Write(bytes.Span)..];
                if (bytes.Length == 0)
                {
                    return;
                }

                room = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                wait = room.Task;
                watch!.Resume();
            }

            await wait.WaitAsync(stop);
        }
    }

    private void OnRoom()
    {
        lock (gate)
        {
            if (!closed)
            {
                watch!.Pause();
                room?.TrySetResult();
            }
        }
    }
}
