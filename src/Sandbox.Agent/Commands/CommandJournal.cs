using Microsoft.Win32.SafeHandles;
using Sandbox.Protocol;

namespace Sandbox.Agent.Commands;

/// <summary>Everything a command printed and how it ended, in order of arrival: frames in one file that is written first and read by followers second. One thread appends, any number read.</summary>
internal sealed class CommandJournal : IDisposable
{
    /// <summary>The largest payload of a frame of output.</summary>
    public const int MaximumPayload = 128 * 1024;

    private readonly Lock gate = new();
    private readonly string path;
    private readonly List<JournalFollower> followers = [];
    private SafeFileHandle? file;
    private TaskCompletionSource? changed;
    private long length;
    private bool ended;
    private bool disposed;

    /// <summary>Creates an empty journal; the file comes with the first frame.</summary>
    /// <param name="path">The file.</param>
    /// <param name="bound">How many bytes a writer may be ahead of the slowest follower before it is held back.</param>
    public CommandJournal(string path, long bound)
    {
        this.path = path;
        Bound = bound;
    }

    /// <summary>Told, on any thread, when a writer that was held back may go on.</summary>
    public event Action? RoomMade;

    /// <summary>How many bytes a writer may be ahead of the slowest follower.</summary>
    public long Bound { get; }

    /// <summary>Whether the writer should wait: a follower is a full bound behind.</summary>
    public bool IsFull
    {
        get
        {
            lock (gate)
            {
                return followers.Count > 0 && length - followers.Min(follower => follower.Position) >= Bound;
            }
        }
    }

    /// <summary>Adds a frame.</summary>
    /// <param name="frame">The frame: room for the header, then the payload.</param>
    /// <param name="kind">Its kind.</param>
    public void Append(Span<byte> frame, FrameKind kind)
    {
        CommandFrame.WriteHeader(frame, kind, frame.Length - CommandFrame.HeaderLength);
        TaskCompletionSource? waiting;
        lock (gate)
        {
            if (disposed)
            {
                return;
            }

            RandomAccess.Write(Open(), frame, length);
            length += frame.Length;
            ended |= kind is FrameKind.Exit or FrameKind.Error;
            CloseWhenIdle();
            waiting = changed;
            changed = null;
        }

        waiting?.SetResult();
    }

    /// <summary>Starts to read from the beginning.</summary>
    public JournalFollower Follow()
    {
        lock (gate)
        {
            JournalFollower follower = new(this);
            followers.Add(follower);
            return follower;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (gate)
        {
            disposed = true;
            file?.Dispose();
            File.Delete(path);
        }
    }

    internal int Read(long position, Span<byte> buffer)
    {
        lock (gate)
        {
            return length == 0 || disposed ? 0 : RandomAccess.Read(Open(), buffer, position);
        }
    }

    /// <summary>Completes when there is more behind a position; false when there never will be.</summary>
    internal async ValueTask<bool> WaitAsync(long position, CancellationToken cancellation)
    {
        while (true)
        {
            Task change;
            lock (gate)
            {
                if (position < length)
                {
                    return true;
                }

                if (ended || disposed)
                {
                    return false;
                }

                change = (changed ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
            }

            await change.WaitAsync(cancellation);
        }
    }

    internal void Moved() => RoomMade?.Invoke();

    internal void Remove(JournalFollower follower)
    {
        lock (gate)
        {
            followers.Remove(follower);
            CloseWhenIdle();
        }

        RoomMade?.Invoke();
    }

    private SafeFileHandle Open() => file ??= File.OpenHandle(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.ReadWrite);

    /// <summary>Many journals are kept, few are in use: one that has ended and is not read holds no descriptor.</summary>
    private void CloseWhenIdle()
    {
        if (ended && followers.Count == 0)
        {
            file?.Dispose();
            file = null;
        }
    }
}
