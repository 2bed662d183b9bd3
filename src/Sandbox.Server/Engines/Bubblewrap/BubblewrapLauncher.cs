using System.ComponentModel;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using Sandbox.Linux;
using Sandbox.Protocol;
using Sandbox.Server.Sandboxes;

namespace Sandbox.Server.Engines.Bubblewrap;

/// <summary>Starts processes behind bubblewrap's walls. Nothing is ever started without them.</summary>
internal static class BubblewrapLauncher
{
    private const int ListenDescriptor = 3;
    private const int StatusDescriptor = 4;
    private const int FilterDescriptor = 5;
    private const int GateDescriptor = 6;
    private const int BrokenPipe = 32; // EPIPE
    private static readonly TimeSpan SetUpLimit = TimeSpan.FromSeconds(15);

    /// <summary>Starts a sandbox's agent.</summary>
    /// <param name="plan">What to start.</param>
    /// <param name="listener">The agent's listening socket; the caller's copy stays the caller's.</param>
    /// <param name="socket">That socket's path, for the record.</param>
    /// <param name="collector">Collects bubblewrap's outer process.</param>
    /// <returns>What identifies the sandbox's processes.</returns>
    /// <exception cref="Protocol.ApiException">This host refuses to isolate.</exception>
    public static async Task<BubblewrapProcess> StartAsync(
        LaunchPlan plan, SafeHandle listener, string socket, ChildReaper collector)
    {
        using FileDescriptor listening = FileDescriptor.Duplicate(listener);
        Dictionary<int, FileDescriptor> extra = new() { [ListenDescriptor] = listening };
        using Gate gate = new();
        IEnumerable<string> command = [.. BubblewrapArguments.ProcessLimit(plan.Limits.ProcessLimit), .. BubblewrapArguments.AgentCommand(plan.Agent, ListenDescriptor)];
        ChildProcess child = Spawn(plan, command, extra, gate);
        ProcessEntry? monitor = ProcessTable.Find(child.Id);
        collector.Add(child);
        BubblewrapProcess? process = null;
        try
        {
            // Not cancelled: this takes milliseconds, and a bubblewrap killed half-way leaves a child that nobody knows.
            string line = await Task.Run(() => ReadLine(gate.Status)).WaitAsync(SetUpLimit);
            process = Identify(line, monitor, plan, socket) ?? throw IsolationFailure.From(ReadLog(plan.Directories)).ToException();
            process = process with { Link = await PrepareAsync(plan, process.InitId, process.MonitorId, gate, collector) };
            return process;
        }
        catch when (monitor is { } failed)
        {
            foreach (ProcessEntry left in ProcessTable.DescendantsOf([failed.Id], new HashSet<(int, ulong)>()).Append(failed))
            {
                ProcessTable.Send(left, Signal.KILL);
            }

            throw;
        }
    }

    /// <summary>Runs <c>/bin/true</c> behind all walls.</summary>
    /// <param name="plan">The walls, and directories to use.</param>
    /// <param name="collector">Collects what helps the sandbox.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>Why it did not work; null when it did.</returns>
    public static async Task<IsolationFailure?> TryAsync(LaunchPlan plan, ChildReaper collector, CancellationToken cancellationToken)
    {
        if (FindObstacle(plan) is { } obstacle)
        {
            return obstacle;
        }

        using Gate gate = new();
        using ChildProcess child = Spawn(plan, ["/bin/true"], [], gate);
        IsolationFailure? failure = null;
        string first = await Task.Run(() => ReadLine(gate.Status), CancellationToken.None).WaitAsync(SetUpLimit, cancellationToken);
        if (first.Length > 0)
        {
            try
            {
                await PrepareAsync(plan, InitOf(first), child.Id, gate, collector);
            }
            catch (IsolationException refusal)
            {
                // Without its byte, but with the gate's end, the program starts, and ends at once.
                failure = refusal.Failure;
                gate.Dispose();
            }
        }

        // bubblewrap tells the exit code on the same pipe, last.
        string rest = failure is null ? await Task.Run(() => ReadToEnd(gate.Status), CancellationToken.None).WaitAsync(cancellationToken) : "";
        while (child.TryWait() is null)
        {
            await Task.Delay(1, cancellationToken);
        }

        return failure ?? ((first + rest).Contains("\"exit-code\": 0", StringComparison.Ordinal) ? null : IsolationFailure.From(ReadLog(plan.Directories)));
    }

    /// <summary>The end of what bubblewrap and the agent printed.</summary>
    /// <param name="directories">The sandbox's directories.</param>
    public static string ReadLog(SandboxDirectories directories)
    {
        const int most = 4096;
        using FileStream file = new(directories.Log, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        file.Position = Math.Max(0, file.Length - most);
        byte[] end = new byte[most];
        return Encoding.UTF8.GetString(end, 0, file.ReadAtLeast(end, most, throwOnEndOfStream: false));
    }

    /// <summary>What is missing on this host, if anything is.</summary>
    private static IsolationFailure? FindObstacle(LaunchPlan plan) =>
        ExecutableLocator.Find("bwrap") is null ? IsolationFailure.Missing("bubblewrap (bwrap)", "bubblewrap")
        : plan.UserId is not null && ExecutableLocator.Find("setpriv") is null ? IsolationFailure.Missing("setpriv (util-linux)", "util-linux")
        : SystemCallTable.Of(RuntimeInformation.ProcessArchitecture) is null ? IsolationFailure.UnknownProcessor
        : null;

    /// <summary>Gives a sandbox what is given from outside, before anything runs in it; then its program may start.</summary>
    /// <returns>What joins it to the internet, if anything does.</returns>
    private static async Task<ProcessIdentity?> PrepareAsync(LaunchPlan plan, int init, int monitor, Gate gate, ChildReaper collector)
    {
        ControlGroups.Join(plan.Limits.Groups, monitor, init);
        ProcessIdentity? link = null;
        if (plan.Network == SandboxNetworks.Internet)
        {
            SlirpNetwork.Result result = await SlirpNetwork.StartAsync(init, gate.Status, plan.Directories.NetworkLog, collector);
            link = result.Process is { } process ? new ProcessIdentity(process.Id, process.StartTime) : throw new IsolationException(result.Failure!);
        }

        return gate.TryOpen() ? link : throw new IsolationException(IsolationFailure.From(ReadLog(plan.Directories)));
    }

    private static ChildProcess Spawn(LaunchPlan plan, IEnumerable<string> command, Dictionary<int, FileDescriptor> extra, Gate gate)
    {
        if (FindObstacle(plan) is { } obstacle)
        {
            throw obstacle.ToException();
        }

        string bubblewrap = ExecutableLocator.Find("bwrap")!;
        // Small enough to lie in the pipe until bubblewrap reads it.
        FileDescriptor.CreatePipe(out FileDescriptor filterReader, out FileDescriptor filterWriter);
        using FileDescriptor filter = filterReader;
        using (filterWriter)
        {
            filterWriter.WriteAll(SeccompFilter.Assemble(SystemCallTable.Of(RuntimeInformation.ProcessArchitecture)!));
        }

        File.Delete(plan.Directories.Log);
        using FileDescriptor output = FileDescriptor.OpenLog(plan.Directories.Log);
        using FileDescriptor none = FileDescriptor.OpenNull();
        string[] arguments = [.. BubblewrapArguments.For(plan, StatusDescriptor, FilterDescriptor, GateDescriptor), .. command];
        ChildProcess child = ChildProcess.Start(new ChildProcessOptions
        {
            Path = plan.UserId is null ? bubblewrap : ExecutableLocator.Find("setpriv")!,
            Arguments = plan.UserId is { } user ? [.. BubblewrapArguments.OtherUser(user), bubblewrap, .. arguments] : arguments,
            Environment = plan.Has(IsolationFeatures.CleanEnvironment) ? new Dictionary<string, string>() : plan.ServerEnvironment ?? OwnEnvironment(),
            WorkingDirectory = "/",
            Descriptors = new Dictionary<int, FileDescriptor>(extra)
            {
                [0] = none,
                [1] = output,
                [2] = output,
                [StatusDescriptor] = gate.StatusWriter,
                [FilterDescriptor] = filter,
                [GateDescriptor] = gate.Waiting,
            },
        });
        gate.CloseChildsEnds();
        return child;
    }

    private static BubblewrapProcess? Identify(string line, ProcessEntry? monitor, LaunchPlan plan, string socket)
    {
        if (line.Length == 0 || monitor is not { } outer)
        {
            return null;
        }

        int init = InitOf(line);
        return ProcessTable.Find(init) is { IsAlive: true } entry
            ? new BubblewrapProcess(
                init, entry.StartTime, ProcessTable.PidNamespaceOf(init), outer.Id, outer.StartTime, socket, plan.Agent.Directory, BubblewrapArguments.Walls(plan))
            : null;
    }

    private static int InitOf(string line)
    {
        using JsonDocument status = JsonDocument.Parse(line);
        return status.RootElement.GetProperty("child-pid").GetInt32();
    }

    private static string ReadLine(FileDescriptor pipe) => Read(pipe, static text => text.Contains((byte)'\n'));

    private static string ReadToEnd(FileDescriptor pipe) => Read(pipe, static _ => false);

    private static string Read(FileDescriptor pipe, Func<List<byte>, bool> isEnough)
    {
        List<byte> text = [];
        byte[] buffer = new byte[1024];
        while (!isEnough(text) && pipe.Read(buffer) is > 0 and var count)
        {
            text.AddRange(buffer.AsSpan(0, count));
        }

        return Encoding.UTF8.GetString(CollectionsMarshal.AsSpan(text));
    }

    private static Dictionary<string, string> OwnEnvironment() =>
        Environment.GetEnvironmentVariables().Cast<System.Collections.DictionaryEntry>().ToDictionary(pair => (string)pair.Key, pair => (string?)pair.Value ?? "");

    /// <summary>The pipes between server and bubblewrap: on one it tells what it made, on the other it waits before the program starts.</summary>
    private sealed class Gate : IDisposable
    {
        private readonly FileDescriptor _opener;

        public Gate()
        {
            FileDescriptor.CreatePipe(out FileDescriptor status, out FileDescriptor statusWriter);
            FileDescriptor.CreatePipe(out FileDescriptor waiting, out _opener);
            (Status, StatusWriter, Waiting) = (status, statusWriter, waiting);
        }

        public FileDescriptor Status { get; }

        public FileDescriptor StatusWriter { get; }

        public FileDescriptor Waiting { get; }

        public void CloseChildsEnds()
        {
            StatusWriter.Dispose();
            Waiting.Dispose();
        }

        /// <summary>Lets the program start; false when bubblewrap has given up meanwhile.</summary>
        public bool TryOpen()
        {
            try
            {
                _opener.WriteAll([1]);
                return true;
            }
            catch (Win32Exception failure) when (failure.NativeErrorCode == BrokenPipe)
            {
                return false;
            }
        }

        public void Dispose()
        {
            CloseChildsEnds();
            _opener.Dispose();
            Status.Dispose();
        }
    }
}
