using System.Collections.Concurrent;
using System.Runtime.InteropServices;

namespace Sandbox.Linux;

/// <summary>One thread that waits for many descriptors (pipes, pidfds) and runs a callback when one is readable. Nothing waits on the thread pool.</summary>
/// <remarks>Callbacks run one after the other, so what they do to one session needs no lock among themselves. They must not block.</remarks>
public sealed unsafe class EventLoop : IDisposable
{
    // struct epoll_event is packed on x86-64 alone.
    private static readonly int EventSize = RuntimeInformation.ProcessArchitecture == Architecture.X64 ? 12 : 16;
    private static readonly int DataOffset = EventSize - sizeof(long);

    private readonly Lock gate = new();
    private readonly Dictionary<long, Watch> watches = [];
    private readonly ConcurrentQueue<Action> posted = new();
    private readonly Action<Exception> onError;
    private readonly FileDescriptor epoll;
    private readonly FileDescriptor wake;
    private readonly Thread thread;
    private long nextKey = 1;
    private volatile bool stopping;

    /// <summary>Starts the loop's thread.</summary>
    /// <param name="onError">Told of an exception that a callback threw; the loop goes on.</param>
    public EventLoop(Action<Exception> onError)
    {
        this.onError = onError;
        epoll = FileDescriptor.Adopt(LibC.Check(LibC.epoll_create1(LibC.EPOLL_CLOEXEC), "epoll"));
        wake = FileDescriptor.Adopt(LibC.Check(LibC.eventfd(0, LibC.EFD_CLOEXEC | LibC.O_NONBLOCK), "eventfd"));
        Add(wake, () => wake.Read(stackalloc byte[sizeof(long)]));
        thread = new Thread(Run) { IsBackground = true, Name = "event loop" };
        thread.Start();
    }

    /// <summary>Calls back, on the loop's thread, as long as the descriptor is readable or at its end.</summary>
    /// <param name="descriptor">What to wait for; it must stay open until the watch is disposed.</param>
    /// <param name="ready">What to do.</param>
    public Watch Add(FileDescriptor descriptor, Action ready) => Add(descriptor, ready, LibC.EPOLLIN, armed: true);

    /// <summary>Calls back, on the loop's thread, as long as the descriptor takes more and the watch is not paused, which it is at first.</summary>
    /// <param name="descriptor">What to wait for; it must stay open until the watch is disposed.</param>
    /// <param name="ready">What to do.</param>
    public Watch AddWriter(FileDescriptor descriptor, Action ready) => Add(descriptor, ready, LibC.EPOLLOUT, armed: false);

    /// <summary>Runs an action on the loop's thread, soon; when that is this one, as soon as the present callback has returned.</summary>
    /// <param name="action">What to do; it must not block.</param>
    public void Post(Action action)
    {
        posted.Enqueue(action);
        if (Thread.CurrentThread != thread)
        {
            wake.WriteAll(BitConverter.GetBytes(1L));
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Post(() => stopping = true);
        if (Thread.CurrentThread != thread)
        {
            thread.Join();
        }

        epoll.Dispose();
        wake.Dispose();
    }

    private Watch Add(FileDescriptor descriptor, Action ready, uint events, bool armed)
    {
        ArgumentNullException.ThrowIfNull(descriptor);
        lock (gate)
        {
            Watch watch = new(this, descriptor, nextKey++, ready, events, armed);
            watches.Add(watch.Key, watch);
            Control(LibC.EPOLL_CTL_ADD, descriptor, watch.Key, armed ? events : 0);
            return watch;
        }
    }

    private void Control(int operation, FileDescriptor descriptor, long key, uint events)
    {
        byte* registration = stackalloc byte[EventSize];
        *(uint*)registration = events;
        *(long*)(registration + DataOffset) = key;
        LibC.Check(LibC.epoll_ctl(epoll.Number, operation, descriptor.Number, registration), "epoll");
    }

    private void RunPosted()
    {
        while (posted.TryDequeue(out Action? action))
        {
            Guard(action);
        }
    }

    private void Guard(Action action)
    {
        try
        {
            action();
        }
        catch (Exception failure)
        {
            onError(failure);
        }
    }

    private void Run()
    {
        const int capacity = 64;
        byte* events = stackalloc byte[capacity * EventSize];
        while (!stopping)
        {
            int count = LibC.epoll_wait(epoll.Number, events, capacity, -1);
            for (int i = 0; i < count; i++)
            {
                Watch? watch;
                lock (gate)
                {
                    // A callback of this same round may have removed it.
                    watches.TryGetValue(*(long*)(events + (i * EventSize) + DataOffset), out watch);
                }

                if (watch is not null)
                {
                    Guard(watch.Ready);
                    RunPosted();
                }
            }
        }
    }

    /// <summary>One descriptor in the loop.</summary>
    public sealed class Watch : IDisposable
    {
        private readonly EventLoop loop;
        private readonly FileDescriptor descriptor;
        private readonly Action ready;
        private readonly uint events;
        private bool paused;

        internal Watch(EventLoop loop, FileDescriptor descriptor, long key, Action ready, uint events, bool armed)
        {
            this.events = events;
            paused = !armed;
            this.loop = loop;
            this.descriptor = descriptor;
            this.ready = ready;
            Key = key;
        }

        internal long Key { get; }

        /// <summary>Stops the callbacks for a while: the writer on the other side then has to wait.</summary>
        public void Pause() => Arm(false);

        /// <summary>Goes on after <see cref="Pause"/>.</summary>
        public void Resume() => Arm(true);

        /// <summary>Ends the watch; the descriptor stays open.</summary>
        public void Dispose()
        {
            lock (loop.gate)
            {
                if (loop.watches.Remove(Key))
                {
                    loop.Control(LibC.EPOLL_CTL_DEL, descriptor, Key, 0);
                }
            }
        }

        internal void Ready()
        {
            // Hang-ups are reported even when nothing is asked for.
            if (!paused)
            {
                ready();
            }
        }

        private void Arm(bool armed)
        {
            lock (loop.gate)
            {
                if (paused == armed && loop.watches.ContainsKey(Key))
                {
                    paused = !armed;
                    loop.Control(LibC.EPOLL_CTL_MOD, descriptor, Key, armed ? events : 0);
                }
            }
        }
    }
}
