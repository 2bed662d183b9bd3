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
    private const int BrokenPipe = 32; // EPIPE
    private static readonly TimeSpan SetUpLimit = TimeSpan.FromSeconds(15);

    /// <summary>Starts a sandbox's agent.</summary>
    /// <exception cref="IsolationException">This host cannot isolate it.</exception>
    public static async Task<BubblewrapProcess> StartAsync(LaunchPlan plan, SafeHandle listener, string socket)
    {
        using FileDescriptor listening = FileDescriptor.Duplicate(listener);
        using LaunchPipes pipes = new();
        ChildProcess child = Spawn(plan, BubblewrapArguments.AgentCommand(plan, ListenDescriptor, StartDescriptor), pipes, listening);
        ProcessEntry? monitor = ProcessTable.Find(child.Id);
        _ = SharedEventLoop.ReapAsync(child);
        try
        {
            // Not cancellable: this takes milliseconds, and bubblewrap killed half-way would leave a child that nobody has recorded.
            string line = await ReadStatusAsync(pipes);
            if (line.Length == 0 || monitor is not { } outer || ProcessTable.Find(InitOf(line)) is not { IsAlive: true } init)
            {
                throw IsolationException.FromOutput(BubblewrapInstance.ReadLog(plan.Directories));
            }

            string? pidNamespace = ProcessTable.PidNamespaceOf(init.Id);
            ProcessIdentity? link = await PrepareAsync(plan, init.Id, outer.Id, pipes);
            return new BubblewrapProcess(init.Id, init.StartTime, pidNamespace, outer.Id, outer.StartTime, socket, plan.Agent.Directory) { Link = link };
        }
        catch when (monitor is { } failed)
        {
            Kill(failed);
            throw;
        }
    }

    /// <summary>Runs <c>/bin/true</c> as a plan says.</summary>
    /// <exception cref="IsolationException">This host cannot isolate it.</exception>
    public static async Task TestAsync(LaunchPlan plan, CancellationToken cancellationToken)
    {
        using LaunchPipes pipes = new();
        ChildProcess child = Spawn(plan, ["/bin/true"], pipes);
        ProcessEntry? monitor = ProcessTable.Find(child.Id);
        Task exit = SharedEventLoop.ReapAsync(child);
        try
        {
            await TestAsync(plan, child.Id, exit, pipes, cancellationToken);
        }
        catch when (monitor is { } left)
        {
            Kill(left);
            throw;
        }
    }

    private static async Task TestAsync(LaunchPlan plan, int monitor, Task exit, LaunchPipes pipes, CancellationToken cancellationToken)
    {
        string output = await ReadStatusAsync(pipes, cancellationToken);
        IsolationException? obstacle = null;
        if (output.Length > 0)
        {
            try
            {
                await PrepareAsync(plan, InitOf(output), monitor, pipes);

                // The exit code is the last that bubblewrap writes to the pipe.
                output += await SharedEventLoop.ReadAsync(pipes.Status, static _ => false, Timeout.InfiniteTimeSpan, cancellationToken);
            }
            catch (IsolationException exception)
            {
                // The program starts when the pipe is closed, and exits at once.
                obstacle = exception;
                pipes.Dispose();
            }
        }

        await exit.WaitAsync(cancellationToken);
        if (obstacle is not null || !output.Contains("\"exit-code\": 0", StringComparison.Ordinal))
        {
            throw obstacle ?? IsolationException.FromOutput(BubblewrapInstance.ReadLog(plan.Directories));
        }
    }

    private static void Kill(ProcessEntry monitor)
    {
        foreach (ProcessEntry left in ProcessTable.DescendantsOf([monitor.Id], new HashSet<(int, ulong)>()).Append(monitor))
        {
            ProcessTable.Send(left, Signal.KILL);
        }
    }

    /// <summary>Does what has to be done from outside before anything runs in the sandbox; then lets its program start.</summary>
    /// <returns>The process that connects the sandbox to the internet, or null.</returns>
    private static async Task<ProcessIdentity?> PrepareAsync(LaunchPlan plan, int init, int monitor, LaunchPipes pipes)
    {
        ControlGroups.Join(plan.Limits.Groups, monitor, init);
        Task quotas = plan.Has(IsolationFeatures.KernelQuotas) ? LowerQuotasAsync(plan, init) : Task.CompletedTask;
        ProcessIdentity? link = null;
        if (plan.Network == SandboxNetworks.Internet)
        {
            Task<ProcessIdentity> connection = SlirpNetwork.StartAsync(plan, init, pipes.Status);
            await Task.WhenAll(quotas, connection);
            link = await connection;
        }

        await quotas;
        return pipes.TryUnblock() ? link : throw IsolationException.FromOutput(BubblewrapInstance.ReadLog(plan.Directories));
    }

    private static async Task LowerQuotasAsync(LaunchPlan plan, int init)
    {
        try
        {
            await KernelQuotas.LowerAsync(init);
        }
        catch (IsolationException) when (BubblewrapInstance.ReadLog(plan.Directories) is { Length: > 0 } output)
        {
            // bubblewrap has failed, and said why.
            throw IsolationException.FromOutput(output);
        }
    }

    private static ChildProcess Spawn(LaunchPlan plan, IEnumerable<string> command, LaunchPipes pipes, FileDescriptor? listener = null)
    {
        string bubblewrap = ExecutableLocator.Find("bwrap") ?? throw IsolationException.MissingProgram("bubblewrap (bwrap)", "bubblewrap");
        string program = plan.UserId is null ? bubblewrap
            : ExecutableLocator.Find("setpriv") ?? throw IsolationException.MissingProgram("setpriv (util-linux)", "util-linux");
        SystemCallTable systemCalls = SystemCallTable.Of(RuntimeInformation.ProcessArchitecture) ?? throw IsolationException.UnsupportedProcessor;

        // The filter fits into the pipe's buffer until bubblewrap reads it.
        FileDescriptor.CreatePipe(out FileDescriptor filterReader, out FileDescriptor filterWriter);
        using FileDescriptor filter = filterReader;
        using (filterWriter)
        {
            filterWriter.WriteAll(SeccompFilter.Assemble(systemCalls));
        }

        File.Delete(plan.Directories.Log);
        using FileDescriptor output = FileDescriptor.OpenLog(plan.Directories.Log);
        using FileDescriptor none = FileDescriptor.OpenNull();
        Dictionary<int, FileDescriptor> descriptors = new()
        {
            [0] = none,
            [1] = output,
            [2] = output,
            [StatusDescriptor] = pipes.StatusWriter,
            [FilterDescriptor] = filter,
            [BlockDescriptor] = pipes.Block,
            [StartDescriptor] = pipes.Start,
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

    /// <summary>Three pipes: bubblewrap reports its status on one, and waits on the next before it starts the program. When this server is killed, bubblewrap
    /// goes on: so the agent expects a byte on the third, and exits without it.</summary>
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

        /// <summary>Lets the program start; returns false when bubblewrap has exited.</summary>
        public bool TryUnblock()
        {
            try
            {
                _unblock.WriteAll([1]);
                _start.WriteAll([1]);
                return true;
            }
            catch (Win32Exception exception) when (exception.NativeErrorCode == BrokenPipe)
            {
                return false;
            }
        }

        public void Dispose()
        {
            CloseChildsEnds();
            _unblock.Dispose();
            _start.Dispose();
            Status.Dispose();
        }
    }
}
