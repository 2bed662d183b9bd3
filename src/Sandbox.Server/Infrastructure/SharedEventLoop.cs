using System.Runtime.InteropServices;
using System.Text;
using Sandbox.Linux;

namespace Sandbox.Server.Infrastructure;

/// <summary>Waits for processes and pipes on one epoll thread, which blocks no thread of the pool.</summary>
internal static class SharedEventLoop
{
    private static readonly Lazy<EventLoop> Loop = new(() => new EventLoop(exception => ServerLog.Write("An event handler failed", exception)));

    /// <summary>Waits until a process has exited.</summary>
    public static async Task WaitForExitAsync(ProcessEntry process, TimeSpan limit, CancellationToken cancellationToken = default)
    {
        using FileDescriptor? pidfd = ProcessTable.Open(process);
        if (pidfd is not null)
        {
            await WaitForExitAsync(pidfd, limit, cancellationToken);
        }
    }

    /// <summary>Waits until the process of a pidfd has exited.</summary>
    /// <exception cref="TimeoutException">It is still alive.</exception>
    public static Task WaitForExitAsync(FileDescriptor pidfd, TimeSpan limit, CancellationToken cancellationToken = default) =>
        WatchAsync(pidfd, static () => true, limit, cancellationToken);

    /// <summary>Reaps a child when it exits, so that it does not stay a zombie, and disposes it.</summary>
    public static async Task ReapAsync(ChildProcess child)
    {
        using (child)
        {
            await WaitForExitAsync(child.Handle, Timeout.InfiniteTimeSpan);
            child.TryWait();
        }
    }

    /// <summary>Reads a pipe until the bytes are complete or its writers have closed it.</summary>
    /// <exception cref="TimeoutException">Neither happened in time.</exception>
    public static async Task<string> ReadAsync(
        FileDescriptor pipe, Func<IReadOnlyList<byte>, bool> isComplete, TimeSpan limit, CancellationToken cancellationToken = default)
    {
        List<byte> bytes = [];
        byte[] buffer = new byte[1024];
        await WatchAsync(pipe, () =>
        {
            int count = pipe.Read(buffer);
            bytes.AddRange(buffer.AsSpan(0, count));
            return count == 0 || isComplete(bytes);
        }, limit, cancellationToken);
        return Encoding.UTF8.GetString(CollectionsMarshal.AsSpan(bytes));
    }

    /// <summary>Calls back on the loop's thread while the descriptor is readable, until the callback returns true.</summary>
    private static async Task WatchAsync(FileDescriptor descriptor, Func<bool> onReadable, TimeSpan limit, CancellationToken cancellationToken)
    {
        TaskCompletionSource done = new(TaskCreationOptions.RunContinuationsAsynchronously);
        EventLoop.Watch? watch = null;
        watch = Loop.Value.Add(descriptor, () =>
        {
            // The first call may come before Add has returned; it is repeated while the descriptor is readable.
            if (watch is null || done.Task.IsCompleted)
            {
                return;
            }

            try
            {
                if (onReadable())
                {
                    watch.Dispose();
                    done.SetResult();
                }
            }
            catch (Exception exception)
            {
                watch.Dispose();
                done.SetException(exception);
            }
        });
        try
        {
            await done.Task.WaitAsync(limit, cancellationToken);
        }
        catch when (!done.Task.IsCompleted)
        {
            // The caller closes the descriptor: a callback that is running must end first.
            watch.Dispose();
            TaskCompletionSource idle = new(TaskCreationOptions.RunContinuationsAsynchronously);
            Loop.Value.Post(idle.SetResult);
            await idle.Task;
            throw;
        }
    }
}
