using System.Runtime.InteropServices;
using System.Text;

namespace Sandbox.Linux;

/// <summary>How to start a <see cref="ChildProcess"/>.</summary>
public sealed record ChildProcessOptions
{
    /// <summary>Gets the program's full path.</summary>
    public required string Path { get; init; }

    /// <summary>Gets the arguments, without the program's name.</summary>
    public required IReadOnlyList<string> Arguments { get; init; }

    /// <summary>Gets the whole environment.</summary>
    public required IReadOnlyDictionary<string, string> Environment { get; init; }

    /// <summary>Gets the working directory; null for the caller's.</summary>
    public string? WorkingDirectory { get; init; }

    /// <summary>Gets the descriptors that it inherits, by their number in the child. It inherits no others.</summary>
    public IReadOnlyDictionary<int, FileDescriptor> Descriptors { get; init; } = new Dictionary<int, FileDescriptor>();

    /// <summary>Gets the controlling terminal, which is also its standard input, output and error, if any; see <see cref="PseudoTerminal.Path"/>.</summary>
    public string? Terminal { get; init; }
}

/// <summary>A child process in a session of its own, with default signal handling and only the descriptors it was given. Its handle never names another
/// process.</summary>
/// <remarks><see cref="System.Diagnostics.Process"/> offers none of the three, and lets children inherit the runtime's ignored SIGPIPE.</remarks>
public sealed unsafe class ChildProcess : IDisposable
{
    private static volatile ConfinedThread? _starter;

    private ChildProcess(int id, FileDescriptor pidfd)
    {
        Id = id;
        Handle = pidfd;
    }

    public int Id { get; }

    /// <summary>Gets the pidfd, which is readable after the exit: for an <see cref="EventLoop"/>.</summary>
    public FileDescriptor Handle { get; }

    /// <summary>Starts all further children of this process in one Landlock domain, see <see cref="Landlock"/>,
    /// and as the first to end when memory runs out.</summary>
    public static void ConfineChildren() => _starter = new ConfinedThread();

    /// <exception cref="System.ComponentModel.Win32Exception">It could not be started.</exception>
    public static ChildProcess Start(ChildProcessOptions options)
    {
        if (_starter is not { } starter)
        {
            return StartHere(options);
        }

        ChildProcess child = starter.Invoke(() => StartHere(options));
        child.EndFirstWithoutMemory();
        return child;
    }

    /// <summary>Creates an object for a child that a <see cref="ForkServer"/> has started. Its id is still valid: only this process can reap it.</summary>
    public static ChildProcess Adopt(int id) => new(id, FileDescriptor.Adopt(LibC.Check(LibC.pidfd_open(id), "pidfd_open")));

    /// <summary>Sends a signal; does nothing after the exit.</summary>
    public void Send(Signal signal) => _ = LibC.pidfd_send_signal(Handle.Number, (int)signal);

    /// <summary>Reaps the process when it has exited; null while it is running. Call it when <see cref="Handle"/> is readable.</summary>
    public ExitStatus? TryWait() => Wait(LibC.WNOHANG);

    /// <summary>Waits for the exit, which must be certain, and reaps the process.</summary>
    public void Collect() => Wait(0);

    public void Dispose() => Handle.Dispose();

    private static ChildProcess StartHere(ChildProcessOptions options)
    {
        byte* actions = stackalloc byte[LibC.SpawnStructureSize];
        byte* attributes = stackalloc byte[LibC.SpawnStructureSize];
        byte* signals = stackalloc byte[LibC.SignalSetSize];
        List<FileDescriptor> raised = [];
        using NativeStrings arguments = new([options.Path, .. options.Arguments]);
        using NativeStrings environment = new(options.Environment.Select(pair => $"{pair.Key}={pair.Value}"));

        Require(LibC.posix_spawn_file_actions_init(actions));
        Require(LibC.posix_spawnattr_init(attributes));
        try
        {
            // The sources are duplicated above all targets, so that no dup2 overwrites one that is still needed.
            int above = options.Descriptors.Keys.Append(2).Max() + 1;
            foreach ((int target, FileDescriptor source) in options.Descriptors)
            {
                FileDescriptor copy = FileDescriptor.Adopt(LibC.Check(LibC.fcntl(source.Number, LibC.F_DUPFD_CLOEXEC, above), "dup"));
                raised.Add(copy);
                Require(LibC.posix_spawn_file_actions_adddup2(actions, copy.Number, target));
            }

            if (options.Terminal is not null)
            {
                // The first terminal that the leader of a session opens becomes the session's.
                Require(LibC.posix_spawn_file_actions_addopen(actions, 0, options.Terminal, LibC.O_RDWR, 0));
                Require(LibC.posix_spawn_file_actions_adddup2(actions, 0, 1));
                Require(LibC.posix_spawn_file_actions_adddup2(actions, 0, 2));
            }

            Require(LibC.posix_spawn_file_actions_addclosefrom_np(actions, above));
            if (options.WorkingDirectory is not null)
            {
                Require(LibC.posix_spawn_file_actions_addchdir_np(actions, options.WorkingDirectory));
            }

            Require(LibC.posix_spawnattr_setflags(attributes, LibC.POSIX_SPAWN_SETSID | LibC.POSIX_SPAWN_SETSIGDEF | LibC.POSIX_SPAWN_SETSIGMASK));
            Require(LibC.sigfillset(signals));
            Require(LibC.posix_spawnattr_setsigdefault(attributes, signals));
            Require(LibC.sigemptyset(signals));
            Require(LibC.posix_spawnattr_setsigmask(attributes, signals));

            int pid;
            int error = LibC.posix_spawn(&pid, options.Path, actions, attributes, arguments.Pointer, environment.Pointer);
            if (error != 0)
            {
                throw LibC.Failure(error, options.Path);
            }

            return new ChildProcess(pid, FileDescriptor.Adopt(LibC.Check(LibC.pidfd_open(pid), "pidfd_open")));
        }
        finally
        {
            raised.ForEach(copy => copy.Dispose());
            _ = LibC.posix_spawn_file_actions_destroy(actions);
            _ = LibC.posix_spawnattr_destroy(attributes);
        }

        static void Require(int error)
        {
            if (error != 0)
            {
                throw LibC.Failure(error, "posix_spawn");
            }
        }
    }

    /// <summary>Lets the kernel end the process and its descendants before others when memory runs out. See proc(5), oom_score_adj.</summary>
    private void EndFirstWithoutMemory()
    {
        try
        {
            File.WriteAllText($"/proc/{Id}/oom_score_adj", "500");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // It has exited already.
        }
    }

    private ExitStatus? Wait(int options)
    {
        // struct rusage on 64-bit Linux: user and system time as seconds and microseconds, then the peak in KiB.
        long* usage = stackalloc long[LibC.ResourceUsageSize / sizeof(long)];
        int status;
        int result;
        do
        {
            result = LibC.wait4(Id, &status, options, usage);
        }
        while (result < 0 && Marshal.GetLastPInvokeError() == Errno.EINTR);

        if (LibC.Check(result, "wait4") == 0)
        {
            return null;
        }

        const int lowBits = 0x7f, codeShift = 8, microsecondsPerSecond = 1_000_000, kibibyte = 1024;
        TimeSpan cpu = TimeSpan.FromMicroseconds(((usage[0] + usage[2]) * microsecondsPerSecond) + usage[1] + usage[3]);
        int signal = status & lowBits;
        return signal == 0
            ? new ExitStatus((status >> codeShift) & byte.MaxValue, null, cpu, usage[4] * kibibyte)
            : new ExitStatus(128 + signal, (Signal)signal, cpu, usage[4] * kibibyte);
    }

    /// <summary>A null-terminated array of C strings.</summary>
    private sealed class NativeStrings : IDisposable
    {
        private readonly int _count;

        public NativeStrings(IEnumerable<string> texts)
        {
            byte[][] bytes = [.. texts.Select(text => Encoding.UTF8.GetBytes(text + '\0'))];
            _count = bytes.Length;
            Pointer = (byte**)NativeMemory.AllocZeroed((nuint)(_count + 1), (nuint)sizeof(byte*));
            for (int i = 0; i < _count; i++)
            {
                Pointer[i] = (byte*)NativeMemory.Alloc((nuint)bytes[i].Length);
                bytes[i].CopyTo(new Span<byte>(Pointer[i], bytes[i].Length));
            }
        }

        public byte** Pointer { get; }

        public void Dispose()
        {
            for (int i = 0; i < _count; i++)
            {
                NativeMemory.Free(Pointer[i]);
            }

            NativeMemory.Free(Pointer);
        }
    }
}

/// <summary>The result of a process.</summary>
/// <param name="ExitCode">The exit code; 128 + n when signal n killed it.</param>
/// <param name="Signal">The signal that killed it, if any.</param>
/// <param name="Cpu">Processor time, user and system, of the process and its waited-for children.</param>
/// <param name="PeakMemory">The largest resident size, in bytes, of one of those processes.</param>
public readonly record struct ExitStatus(int ExitCode, Signal? Signal, TimeSpan Cpu, long PeakMemory);
