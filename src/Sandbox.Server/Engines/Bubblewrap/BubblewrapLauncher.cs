using System.Collections;
using System.ComponentModel;
using System.Runtime.InteropServices;
using System.Text.Json;
using Sandbox.Linux;
using Sandbox.Protocol;
using Sandbox.Server.Infrastructure;

namespace Sandbox.Server.Engines.Bubblewrap;

/// <summary>Starts programs in sandboxes; never without the plan's isolation.</summary>
internal static class BubblewrapLauncher
{
    private const int ListenDescriptor = 3;
    private const int StatusDescriptor = 4;
    private const int FilterDescriptor = 5;
    private const int BlockDescriptor = 6;
    private const int StartDescriptor = 7;
    private const int LogDescriptor = 8;
    private const int StatusReaderDescriptor = 9;
    private const int BrokenPipe = 32; // EPIPE
    private static readonly TimeSpan SetUpLimit = TimeSpan.FromSeconds(15);

    /// <summary>Starts a sandbox's agent.</summary>
    /// <param name="plan">What to launch.</param>
    /// <param name="listener">The socket that the agent listens at.</param>
    /// <param name="socket">Its path.</param>
    /// <param name="output">Receives what the programs that launch the agent print.</param>
    /// <exception cref="IsolationException">This host cannot isolate it.</exception>
    public static async Task<BubblewrapProcess> StartAsync(LaunchPlan plan, SafeHandle listener, string socket, LaunchOutput output)
    {
        using FileDescriptor listening = FileDescriptor.Duplicate(listener);
        using LaunchPipes pipes = new();
        ChildProcess child = Spawn(plan, BubblewrapArguments.AgentCommand(plan, ListenDescriptor, StartDescriptor, LogDescriptor), pipes, output, listening);
        ProcessEntry? monitor = ProcessTable.Find(child.Id);
        _ = SharedEventLoop.ReapAsync(child);
        try
        {
            // Not cancellable: this takes milliseconds, and bubblewrap killed half-way would leave a child that nobody has recorded.
            string line = await ReadStatusAsync(pipes);
            if (line.Length == 0 || monitor is not { } outer || ProcessTable.Find(InitOf(line)) is not { IsAlive: true } init)
            {
                throw IsolationException.FromOutput(output.Read());
            }

            string? pidNamespace = ProcessTable.PidNamespaceOf(init.Id);
            ProcessIdentity? link = await PrepareAsync(plan, init.Id, outer.Id, pipes, output);
            return new BubblewrapProcess(init.Id, init.StartTime, pidNamespace, outer.Id, outer.StartTime, socket, plan.Agent.Directory) { Link = link };
        }
        catch when (monitor is { } failed)
        {
            Kill(failed);
            throw;
        }
    }

    /// <summary>Runs a program that does nothing as a plan says.</summary>
    /// <exception cref="IsolationException">This host cannot isolate it.</exception>
    public static async Task TestAsync(LaunchPlan plan, CancellationToken cancellationToken)
    {
        using LaunchPipes pipes = new();
        using LaunchOutput output = new();
        ChildProcess child = Spawn(plan, ["/bin/sh", "-c", $"read _ <&{StartDescriptor}"], pipes, output);
        ProcessEntry? monitor = ProcessTable.Find(child.Id);
        Task exit = SharedEventLoop.ReapAsync(child);
        try
        {
            await TestAsync(plan, child.Id, exit, pipes, output, cancellationToken);
        }
        catch when (monitor is { } left)
        {
            Kill(left);
            throw;
        }
    }

    private static async Task TestAsync(
        LaunchPlan plan, int monitor, Task exit, LaunchPipes pipes, LaunchOutput output, CancellationToken cancellationToken)
    {
        string status = await ReadStatusAsync(pipes, cancellationToken);
        IsolationException? obstacle = null;
        if (status.Length > 0)
        {
            try
            {
                await PrepareAsync(plan, InitOf(status), monitor, pipes, output);

                // The exit code is the last that bubblewrap writes to the pipe.
                status += await SharedEventLoop.ReadAsync(pipes.Status, static _ => false, Timeout.InfiniteTimeSpan, cancellationToken);
            }
            catch (IsolationException exception)
            {
                // The program exits when the pipe is closed.
                obstacle = exception;
                pipes.Dispose();
            }
        }

        await exit.WaitAsync(cancellationToken);
        if (obstacle is not null || !status.Contains("\"exit-code\": 0", StringComparison.Ordinal))
        {
            throw obstacle ?? IsolationException.FromOutput(output.Read());
        }
    }

    private static void Kill(ProcessEntry monitor)
    {
        foreach (ProcessEntry left in ProcessTable.DescendantsOf([monitor.Id], new HashSet<(int, ulong)>()).Append(monitor))
        {
            ProcessTable.Send(left, Signal.KILL);
        }
    }

    /// <summary>Does what has to be done from outside before anything runs in the sandbox, while its program starts and waits for that.</summary>
    /// <returns>The process that connects the sandbox to the internet, or null.</returns>
    private static async Task<ProcessIdentity?> PrepareAsync(LaunchPlan plan, int init, int monitor, LaunchPipes pipes, LaunchOutput output)
    {
        ControlGroups.Join(plan.Limits.Groups, monitor, init);
        if (!pipes.TryUnblock())
        {
            throw IsolationException.FromOutput(output.Read());
        }

        Task quotas = plan.Has(IsolationFeatures.KernelQuotas) ? KernelQuotas.LowerAsync(init) : Task.CompletedTask;
        Task<ProcessIdentity>? connection = plan.Network == SandboxNetworks.Internet ? SlirpNetwork.StartAsync(plan, init, pipes.Status) : null;
        try
        {
            await Task.WhenAll(quotas, connection ?? Task.CompletedTask);
        }
        catch (IsolationException) when (output.Read() is { Length: > 0 } message)
        {
            // bubblewrap has failed, and said why.
            throw IsolationException.FromOutput(message);
        }

        return !pipes.TryStart() ? throw IsolationException.FromOutput(output.Read()) : connection is null ? null : await connection;
    }

    private static ChildProcess Spawn(LaunchPlan plan, IEnumerable<string> command, LaunchPipes pipes, LaunchOutput output, FileDescriptor? listener = null)
    {
        string bubblewrap = ExecutableLocator.Find("bwrap") ?? throw IsolationException.MissingProgram("bubblewrap (bwrap)", "bubblewrap");
        string program = plan.UserId is null ? bubblewrap
            : ExecutableLocator.Find("setpriv") ?? throw IsolationException.MissingProgram("setpriv (util-linux)", "util-linux");
        byte[] systemCalls = SeccompFilter.OfThisMachine ?? throw IsolationException.UnsupportedProcessor;

        // The filter fits into the pipe's buffer until bubblewrap reads it.
        FileDescriptor.CreatePipe(out FileDescriptor filterReader, out FileDescriptor filterWriter);
        using FileDescriptor filter = filterReader;
        using (filterWriter)
        {
            filterWriter.WriteAll(systemCalls);
        }

        File.Delete(plan.Directories.Log);
        using FileDescriptor log = FileDescriptor.OpenLog(plan.Directories.Log);
        using FileDescriptor none = FileDescriptor.OpenNull();
        Dictionary<int, FileDescriptor> descriptors = new()
        {
            [0] = none,
            [1] = output.Writer,
            [2] = output.Writer,
            [StatusDescriptor] = pipes.StatusWriter,
            [FilterDescriptor] = filter,
            [BlockDescriptor] = pipes.Block,
            [StartDescriptor] = pipes.Start,
            [LogDescriptor] = log,

            // Else bubblewrap would be killed by SIGPIPE when this server is, and its child would wait for it forever.
            [StatusReaderDescriptor] = pipes.Status,
        };
        if (listener is not null)
        {
            descriptors.Add(ListenDescriptor, listener);
        }

        string[] arguments = [.. BubblewrapArguments.For(plan, StatusDescriptor, FilterDescriptor, BlockDescriptor), .. command];
        ChildProcess child = ChildProcess.Start(new ChildProcessOptions
        {
            Path = program,
            Arguments = plan.UserId is { } user ? [.. BubblewrapArguments.OtherUser(user), bubblewrap, .. arguments] : arguments,
            Environment = plan.Has(IsolationFeatures.CleanEnvironment) ? new Dictionary<string, string>() : plan.ServerEnvironment ?? OwnEnvironment(),
            WorkingDirectory = "/",
            Descriptors = descriptors,
        });
        pipes.CloseChildsEnds();
        output.Writer.Dispose();
        return child;
    }

    private static Task<string> ReadStatusAsync(LaunchPipes pipes, CancellationToken cancellationToken = default) =>
        SharedEventLoop.ReadAsync(pipes.Status, static bytes => bytes.Contains((byte)'\n'), SetUpLimit, cancellationToken);

    private static int InitOf(string line)
    {
        using JsonDocument status = JsonDocument.Parse(line);
        return status.RootElement.GetProperty("child-pid").GetInt32();
    }

    private static Dictionary<string, string> OwnEnvironment() =>
        Environment.GetEnvironmentVariables().Cast<DictionaryEntry>().ToDictionary(pair => (string)pair.Key, pair => (string?)pair.Value ?? "");

    /// <summary>Three pipes: bubblewrap reports its status on one, and waits on the next before it starts the program. The program expects a line on the
    /// third before it does anything, and exits without it: bubblewrap goes on when this server is killed.</summary>
    private sealed class LaunchPipes : IDisposable
    {
        private readonly FileDescriptor _unblock;
        private readonly FileDescriptor _start;

        public LaunchPipes()
        {
            FileDescriptor.CreatePipe(out FileDescriptor status, out FileDescriptor statusWriter);
            FileDescriptor.CreatePipe(out FileDescriptor block, out _unblock);
            FileDescriptor.CreatePipe(out FileDescriptor start, out _start);
            (Status, StatusWriter, Block, Start) = (status, statusWriter, block, start);
        }

        public FileDescriptor Status { get; }

        public FileDescriptor StatusWriter { get; }

        public FileDescriptor Block { get; }

        public FileDescriptor Start { get; }

        public void CloseChildsEnds()
        {
            StatusWriter.Dispose();
            Block.Dispose();
            Start.Dispose();
        }

        /// <summary>Lets bubblewrap start the program; returns false when bubblewrap has exited.</summary>
        public bool TryUnblock() => TryWrite(_unblock);

        /// <summary>Lets the program begin; returns false when it has exited.</summary>
        public bool TryStart() => TryWrite(_start);

        public void Dispose()
        {
            CloseChildsEnds();
            _unblock.Dispose();
            _start.Dispose();
            Status.Dispose();
        }

        private static bool TryWrite(FileDescriptor pipe)
        {
            try
            {
                pipe.WriteAll("\n"u8);
                return true;
            }
            catch (Win32Exception exception) when (exception.NativeErrorCode == BrokenPipe)
            {
                return false;
            }
        }
    }
}
