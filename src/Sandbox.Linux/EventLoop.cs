using System.Collections.Concurrent;
using System.Runtime.InteropServices;

namespace Sandbox.Linux;

/// <summary>Waits for many descriptors (pipes, pidfds) on one thread by epoll(7), and calls back when one is ready.</summary>
/// <remarks>Callbacks run one after the other, so they need no lock among themselves. They must not block.</remarks>
public sealed unsafe class EventLoop : IDisposable
{
    // struct epoll_event is packed on x86-64 only.
    private static readonly int EventSize = RuntimeInformation.ProcessArchitecture == Architecture.X64 ? 12 : 16;
    private static readonly int DataOffset = EventSize - sizeof(long);

    private readonly Lock _gate = new();
    private readonly Dictionary<long, Watch> _watches = [];
    private readonly ConcurrentQueue<Action> _posted = new();
    private readonly Action<Exception> _onError;
    private readonly FileDescriptor _epoll;
    private readonly FileDescriptor _wake;
    private readonly Thread _thread;
    private long _nextKey = 1;
    private volatile bool _stopping;

    /// <summary>Starts the loop's thread.</summary>
    /// <param name="onError">Receives the exceptions of callbacks; the loop continues.</param>
    public EventLoop(Action<Exception> onError)
    {
        _onError = onError;
        _epoll = FileDescriptor.Adopt(LibC.Check(LibC.epoll_create1(LibC.EPOLL_CLOEXEC), "epoll"));
        _wake = FileDescriptor.Adopt(LibC.Check(LibC.eventfd(0, LibC.EFD_CLOEXEC | LibC.O_NONBLOCK), "eventfd"));
        Add(_wake, () => _wake.Read(stackalloc byte[sizeof(long)]));
        _thread = new Thread(Run) { IsBackground = true, Name = "event loop" };
        _thread.Start();
    }

    /// <summary>Calls back, on the loop's thread, while the descriptor is readable or at its end.</summary>
    /// <param name="descriptor">Must stay open until the watch is disposed.</param>
    public Watch Add(FileDescriptor descriptor, Action ready) => Add(descriptor, ready, LibC.EPOLLIN, armed: true);

    /// <summary>Calls back, on the loop's thread, while the descriptor is writable and the watch is not paused. It is paused at first.</summary>
    /// <param name="descriptor">Must stay open until the watch is disposed.</param>
    public Watch AddWriter(FileDescriptor descriptor, Action ready) => Add(descriptor, ready, LibC.EPOLLOUT, armed: false);

    /// <summary>Runs an action on the loop's thread; when called there, after the current callback.</summary>
    public void Post(Action action)
    {
        _posted.Enqueue(action);
        if (Thread.CurrentThread != _thread)
        {
            _wake.WriteAll(BitConverter.GetBytes(1L));
        }
    }

    /// <inheritdoc />
    public void Dispose()
    {
        Post(() => _stopping = true);
        if (Thread.CurrentThread != _thread)
        {
            _thread.Join();
        }

        _epoll.Dispose();
        _wake.Dispose();
    }

    private Watch Add(FileDescriptor descriptor, Action ready, uint events, bool armed)
    {
        lock (_gate)
        {
            Watch watch = new(this, descriptor, _nextKey++, ready, events, armed);
            _watches.Add(watch.Key, watch);
            Control(LibC.EPOLL_CTL_ADD, descriptor, watch.Key, armed ? events : 0);
            return watch;
        }
    }

    private void Control(int operation, FileDescriptor descriptor, long key, uint events)
    {
        byte* registration = stackalloc byte[EventSize];
        *(uint*)registration = events;
        *(long*)(registration + DataOffset) = key;
        LibC.Check(LibC.epoll_ctl(_epoll.Number, operation, descriptor.Number, registration), "epoll");
    }

    private void RunPosted()
    {
        while (_posted.TryDequeue(out Action? action))
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
        catch (Exception exception)
        {
            _onError(exception);
        }
    }

    private void Run()
    {
        const int capacity = 64;
        byte* events = stackalloc byte[capacity * EventSize];
        while (!_stopping)
        {
            int count = LibC.epoll_wait(_epoll.Number, events, capacity, -1);
            for (int i = 0; i < count; i++)
            {
                Watch? watch;
                lock (_gate)
                {
                    // A callback of the same round may have removed it.
                    _watches.TryGetValue(*(long*)(events + (i * EventSize) + DataOffset), out watch);
                }

                if (watch is not null)
                {
                    Guard(watch.Ready);
                    RunPosted();
                }
            }
        }
    }

    /// <summary>A descriptor in the loop.</summary>
    public sealed class Watch : IDisposable
    {
        private readonly EventLoop _loop;
        private readonly FileDescriptor _descriptor;
        private readonly Action _ready;
        private readonly uint _events;
        private bool _paused;

        internal Watch(EventLoop loop, FileDescriptor descriptor, long key, Action ready, uint events, bool armed)
        {
            (_loop, _descriptor, Key, _ready, _events) = (loop, descriptor, key, ready, events);
            _paused = !armed;
        }

        internal long Key { get; }

        /// <summary>Stops the callbacks until <see cref="Resume"/>, so that the writer on the other side has to wait.</summary>
        public void Pause() => Arm(false);

        public void Resume() => Arm(true);

        /// <summary>Ends the watch; the descriptor stays open.</summary>
        public void Dispose()
        {
            lock (_loop._gate)
            {
                if (_loop._watches.Remove(Key))
                {
                    _loop.Control(LibC.EPOLL_CTL_DEL, _descriptor, Key, 0);
                }
            }
        }

        internal void Ready()
        {
            // Hang-ups are reported also while it is paused.
            if (!_paused)
            {
                _ready();
            }
        }

        private void Arm(bool armed)
        {
            lock (_loop._gate)
            {
                if (_paused == armed && _loop._watches.ContainsKey(Key))
                {
                    _paused = !armed;
                    _loop.Control(LibC.EPOLL_CTL_MOD, _descriptor, Key, armed ? _events : 0);
                }
            }
        }
    }
}
