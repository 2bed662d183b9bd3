using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using Sandbox.Linux;
using Sandbox.Protocol;
using Sandbox.Server.Engines.Bubblewrap;

namespace Sandbox.Server.Tests;

/// <summary>Each isolation feature is necessary: without it, code reaches what <see cref="IsolationTests"/> shows to be unreachable.</summary>
/// <remarks>
/// Launches sandboxes as the server does, minus one feature. A server of root gives each sandbox a user of its own;
/// a server of an ordinary user runs them as that user, who also owns the files of the server.
/// </remarks>
public sealed class IsolationFeatureTests
{
    [Theory]
    [InlineData(ServerUser.Root)]
    [InlineData(ServerUser.Ordinary)]
    public async Task Without_a_composed_root_the_host_files_are_visible(ServerUser user)
    {
        string path = $"/var/tmp/sandbox-test-{Guid.NewGuid():N}";
        File.WriteAllText(path, "host");
        File.SetUnixFileMode(path, (UnixFileMode)0x1a4);
        try
        {
            await using (LaunchedSandbox whole = await LaunchedSandbox.StartAsync(user, IsolationFeatures.All))
            {
                Assert.Equal("refused\n", (await whole.ExecAsync($"cat {path} /host{path} 2>/dev/null || echo refused")).Output);
            }

            await using LaunchedSandbox open = await LaunchedSandbox.StartAsync(user, IsolationFeatures.All & ~IsolationFeatures.ComposedRoot);
            Assert.Equal("host", (await open.ExecAsync($"cat /host{path}")).Output);
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public async Task Without_its_own_user_a_sandbox_of_root_accesses_host_files_as_root()
    {
        // The root file system is not composed in either case, so that only the separate user protects the host files.
        const string probe = "cat /host/etc/shadow >/dev/null 2>&1 && echo reached || echo refused";
        await using (LaunchedSandbox apart = await LaunchedSandbox.StartAsync(ServerUser.Root, IsolationFeatures.All & ~IsolationFeatures.ComposedRoot))
        {
            Assert.Equal("refused\n", (await apart.ExecAsync(probe)).Output);
            Assert.Equal("refused\n", (await apart.ExecAsync($"ls /host{apart.Secret} >/dev/null 2>&1 && echo reached || echo refused")).Output);
        }

        await using LaunchedSandbox root = await LaunchedSandbox.StartAsync(
            ServerUser.Root, IsolationFeatures.All & ~(IsolationFeatures.ComposedRoot | IsolationFeatures.OwnUser));
        Assert.Equal("reached\n", (await root.ExecAsync(probe)).Output);
        Assert.Equal("reached\n", (await root.ExecAsync($"ls /host{root.Secret} >/dev/null 2>&1 && echo reached || echo refused")).Output);
    }

    [Fact]
    public async Task Without_a_composed_root_a_sandbox_reaches_the_files_of_the_server()
    {
        await using LaunchedSandbox open = await LaunchedSandbox.StartAsync(ServerUser.Ordinary, IsolationFeatures.All & ~IsolationFeatures.ComposedRoot);
        Assert.Equal("reached\n", (await open.ExecAsync($"ls /host{open.Secret} >/dev/null 2>&1 && echo reached || echo refused")).Output);
    }

    [Theory]
    [InlineData(ServerUser.Root)]
    [InlineData(ServerUser.Ordinary)]
    public async Task Without_a_process_namespace_host_processes_are_visible(ServerUser user)
    {
        // A process with a unique name; the brackets keep the pattern from matching its own command line.
        string name = $"host-{Guid.NewGuid():N}";
        using Process process = Process.Start(
            new ProcessStartInfo("sh", ["-c", "echo ready; read line", name]) { RedirectStandardInput = true, RedirectStandardOutput = true })!;
        Assert.Equal("ready", await process.StandardOutput.ReadLineAsync());
        string probe = $"grep -qs '[h]{name[1..]}' /proc/[0-9]*/cmdline && echo reached || echo refused";
        await using (LaunchedSandbox whole = await LaunchedSandbox.StartAsync(user, IsolationFeatures.All))
        {
            Assert.Equal("refused\n", (await whole.ExecAsync(probe)).Output);
        }

        await using LaunchedSandbox open = await LaunchedSandbox.StartAsync(user, IsolationFeatures.All & ~IsolationFeatures.Processes);
        Assert.Equal("reached\n", (await open.ExecAsync(probe)).Output);
    }

    [Theory]
    [InlineData(ServerUser.Root)]
    [InlineData(ServerUser.Ordinary)]
    public async Task Without_a_network_namespace_the_host_network_is_reachable(ServerUser user)
    {
        using TcpListener listener = new(System.Net.IPAddress.Loopback, 0);
        listener.Start();
        string probe = $"(exec 3<>/dev/tcp/127.0.0.1/{((System.Net.IPEndPoint)listener.LocalEndpoint).Port}) 2>/dev/null && echo reached || echo refused";
        await using (LaunchedSandbox whole = await LaunchedSandbox.StartAsync(user, IsolationFeatures.All))
        {
            Assert.Equal("refused\n", (await whole.ExecAsync(probe)).Output);
        }

        await using LaunchedSandbox open = await LaunchedSandbox.StartAsync(user, IsolationFeatures.All & ~IsolationFeatures.Network);
        Assert.Equal("reached\n", (await open.ExecAsync(probe)).Output);
    }

    [Theory]
    [InlineData(ServerUser.Root)]
    [InlineData(ServerUser.Ordinary)]
    public async Task Without_IPC_and_host_name_namespaces_those_of_the_host_are_visible(ServerUser user)
    {
        const string probe = "readlink /proc/self/ns/ipc /proc/self/ns/uts";
        string host = string.Concat(((string[])["ipc", "uts"]).Select(name => new FileInfo($"/proc/self/ns/{name}").LinkTarget + "\n"));
        await using (LaunchedSandbox whole = await LaunchedSandbox.StartAsync(user, IsolationFeatures.All))
        {
            Assert.NotEqual(host, (await whole.ExecAsync(probe)).Output);
            Assert.Equal("sandbox\n", (await whole.ExecAsync("cat /proc/sys/kernel/hostname")).Output);
        }

        await using LaunchedSandbox open = await LaunchedSandbox.StartAsync(user, IsolationFeatures.All & ~IsolationFeatures.Names);
        Assert.Equal(host, (await open.ExecAsync(probe)).Output);
    }

    [Theory]
    [InlineData(ServerUser.Root)]
    [InlineData(ServerUser.Ordinary)]
    public async Task Without_the_seccomp_filter_system_calls_are_not_refused_by_it(ServerUser user)
    {
        await using LaunchedSandbox open = await LaunchedSandbox.StartAsync(user, IsolationFeatures.All & ~IsolationFeatures.SystemCalls);
        List<string> same = [];
        foreach (IsolationProbe probe in IsolationProbe.SystemCalls)
        {
            if ((await open.ExecAsync(probe.Command)).Output == probe.Refused + "\n")
            {
                same.Add(probe.Name);
            }
        }

        // The kernel also refuses these for lack of privileges; the filter is a second line of defence.
        Assert.Empty(same.Except(
            ["bpf", "perf_event_open", "mount", "fsopen", "setns", "userfaultfd", "open_by_handle_at", "typing into a terminal", "cryptography socket"]));
        Assert.Equal("done\n", (await open.ExecAsync(IsolationProbe.SystemCalls.Single(probe => probe.Name == "limits of another process").Command)).Output);
        Assert.Equal("done\n", (await open.ExecAsync(IsolationProbe.SystemCalls.Single(probe => probe.Name == "keyctl").Command)).Output);
    }

    [Theory]
    [InlineData(ServerUser.Root)]
    [InlineData(ServerUser.Ordinary)]
    public async Task Without_filter_and_nesting_rule_user_namespaces_can_be_created(ServerUser user)
    {
        const string probe = "unshare -U true 2>/dev/null && echo reached || echo refused";
        foreach (IsolationFeatures features in (IsolationFeatures[])[IsolationFeatures.All, IsolationFeatures.All & ~IsolationFeatures.NoNesting,
            IsolationFeatures.All & ~IsolationFeatures.SystemCalls])
        {
            await using LaunchedSandbox closed = await LaunchedSandbox.StartAsync(user, features);
            Assert.Equal("refused\n", (await closed.ExecAsync(probe)).Output);
        }

        await using LaunchedSandbox open = await LaunchedSandbox.StartAsync(
            user, IsolationFeatures.All & ~(IsolationFeatures.NoNesting | IsolationFeatures.SystemCalls));
        Assert.Equal("reached\n", (await open.ExecAsync(probe)).Output);
    }

    [Theory]
    [InlineData(ServerUser.Root)]
    [InlineData(ServerUser.Ordinary)]
    public async Task Without_confinement_slirp4netns_sees_files_and_processes_of_the_host(ServerUser user)
    {
        Assert.SkipUnless(TestMachine.IsRoot, "NOT TESTED: the namespaces of slirp4netns, since these tests do not run as root.");
        Assert.SkipUnless(SlirpNetwork.FindObstacle() is null, "NOT TESTED: slirp4netns, which cannot be used here.");
        uint runsAs = user == ServerUser.Root ? TestMachine.SandboxUser : TestMachine.OrdinaryUser;
        await using (LaunchedSandbox confined = await LaunchedSandbox.StartAsync(user, IsolationFeatures.All, network: SandboxNetworks.Internet))
        {
            int slirp = FindSlirp(confined);
            Assert.Equal(["etc", "run"], Directory.GetFileSystemEntries($"/proc/{slirp}/root").Select(Path.GetFileName).Order());
            Assert.Equal(["resolv.conf"], Directory.GetFileSystemEntries($"/proc/{slirp}/root/etc").Select(Path.GetFileName));
            Assert.Contains($"Uid:\t{runsAs}\t{runsAs}\t{runsAs}\t{runsAs}", await File.ReadAllTextAsync($"/proc/{slirp}/status"), StringComparison.Ordinal);
            Assert.NotEqual(ProcessTable.PidNamespaceOf(Environment.ProcessId), ProcessTable.PidNamespaceOf(slirp));
        }

        await using LaunchedSandbox open = await LaunchedSandbox.StartAsync(
            user, IsolationFeatures.All & ~IsolationFeatures.ConfinedNetwork, network: SandboxNetworks.Internet);
        int free = FindSlirp(open);
        Assert.True(Directory.Exists($"/proc/{free}/root/usr"));
        Assert.Equal(ProcessTable.PidNamespaceOf(Environment.ProcessId), ProcessTable.PidNamespaceOf(free));
    }

    [Fact]
    public async Task Without_kernel_quotas_a_sandbox_uses_up_those_of_its_user()
    {
        // Creates instances of inotify until the kernel refuses.
        const string probe = """ulimit -n $(ulimit -Hn); python3 -c "import ctypes; c = ctypes.CDLL(None); print(sum(1 for _ in iter(c.inotify_init, -1)))" """;
        int quota = int.Parse(await File.ReadAllTextAsync("/proc/sys/user/max_inotify_instances"), CultureInfo.InvariantCulture);
        await using (LaunchedSandbox limited = await LaunchedSandbox.StartAsync(ServerUser.Ordinary, IsolationFeatures.All))
        {
            Assert.InRange(int.Parse((await limited.ExecAsync(probe)).Output, CultureInfo.InvariantCulture), 1, quota / 2);
        }

        await using LaunchedSandbox open = await LaunchedSandbox.StartAsync(ServerUser.Ordinary, IsolationFeatures.All & ~IsolationFeatures.KernelQuotas);
        Assert.True(int.Parse((await open.ExecAsync(probe)).Output, CultureInfo.InvariantCulture) > quota / 2);
    }

    [Theory]
    [InlineData(ServerUser.Root)]
    [InlineData(ServerUser.Ordinary)]
    public async Task Without_Landlock_code_reaches_the_init_of_its_sandbox(ServerUser user)
    {
        RequireLandlock();
        string[] probes = ["(exec 3<>/proc/1/mem)", "ls /proc/1/fd/1", "kill -0 1"];
        await using (LaunchedSandbox whole = await LaunchedSandbox.StartAsync(user, IsolationFeatures.All))
        {
            foreach (string probe in probes)
            {
                Assert.Equal((probe, "refused\n"), (probe, (await whole.ExecAsync($"{probe} >/dev/null 2>&1 && echo reached || echo refused")).Output));
            }

            // The agent is out of reach as well, and outlives the code when memory runs out.
            Assert.Equal("0\n500\n", (await whole.ExecAsync("cat /proc/2/oom_score_adj /proc/self/oom_score_adj")).Output);
            ProcessResult kill = await whole.ExecAsync("grep -q sandbox-agent /proc/2/cmdline && kill -9 2");
            Assert.Equal(1, kill.ExitCode);
            Assert.Contains("not permitted", kill.Error, StringComparison.Ordinal);
        }

        await using LaunchedSandbox open = await LaunchedSandbox.StartAsync(user, IsolationFeatures.All & ~IsolationFeatures.Landlock);
        foreach (string probe in probes)
        {
            Assert.Equal((probe, "reached\n"), (probe, (await open.ExecAsync($"{probe} >/dev/null 2>&1 && echo reached || echo refused")).Output));
        }
    }

    [Theory]
    [InlineData(ServerUser.Root)]
    [InlineData(ServerUser.Ordinary)]
    public async Task Without_Landlock_abstract_sockets_of_the_host_are_reachable(ServerUser user)
    {
        RequireLandlock();
        string name = $"sandbox-test-{Guid.NewGuid():N}";
        using Socket listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        listener.Bind(new UnixDomainSocketEndPoint("\0" + name));
        listener.Listen();
        string probe = $$"""perl -MSocket -e 'socket(S, PF_UNIX, SOCK_STREAM, 0); print connect(S, pack_sockaddr_un("\0{{name}}")) ? "reached" : "refused"'""";
        IsolationFeatures shared = IsolationFeatures.All & ~IsolationFeatures.Network;
        await using (LaunchedSandbox whole = await LaunchedSandbox.StartAsync(user, shared, network: SandboxNetworks.Host))
        {
            Assert.Equal("refused", (await whole.ExecAsync(probe)).Output);
        }

        await using LaunchedSandbox open = await LaunchedSandbox.StartAsync(user, shared & ~IsolationFeatures.Landlock, network: SandboxNetworks.Host);
        Assert.Equal("reached", (await open.ExecAsync(probe)).Output);
    }

    [Theory]
    [InlineData(ServerUser.Root)]
    [InlineData(ServerUser.Ordinary)]
    public async Task Without_masks_proc_describes_the_host(ServerUser user)
    {
        const string probe = "cat /proc/cmdline /proc/interrupts /proc/timer_list /proc/config.gz 2>/dev/null | wc -c; "
            + "ls /proc/bus /proc/fs | grep -v : | wc -w";
        await using (LaunchedSandbox whole = await LaunchedSandbox.StartAsync(user, IsolationFeatures.All))
        {
            Assert.Equal("0\n0\n", (await whole.ExecAsync(probe)).Output);
        }

        await using LaunchedSandbox open = await LaunchedSandbox.StartAsync(user, IsolationFeatures.All & ~IsolationFeatures.MaskedKernelFiles);
        string[] sizes = (await open.ExecAsync(probe)).Output.Split('\n');
        Assert.NotEqual("0", sizes[0]);
        Assert.NotEqual("0", sizes[1]);
    }

    [Fact]
    public async Task Without_a_cleared_environment_that_of_the_server_is_visible()
    {
        Dictionary<string, string> environment = new() { ["SANDBOX_TEST_SECRET"] = "hush-hush" };

        // Landlock also hides the environment of the sandbox's init.
        const IsolationFeatures others = IsolationFeatures.All & ~IsolationFeatures.Landlock;
        const string probe = "cat /proc/[0-9]*/environ 2>/dev/null | tr '\\0' '\\n' | grep -o -m 1 hush-hush || echo refused";
        await using (LaunchedSandbox whole = await LaunchedSandbox.StartAsync(ServerUser.Ordinary, others, environment))
        {
            Assert.Equal("refused\n", (await whole.ExecAsync(probe)).Output);
        }

        await using LaunchedSandbox open = await LaunchedSandbox.StartAsync(
            ServerUser.Ordinary, others & ~IsolationFeatures.CleanEnvironment, environment);
        Assert.Equal("hush-hush\n", (await open.ExecAsync(probe)).Output);
    }

    private static void RequireLandlock() => Assert.SkipUnless(Landlock.IsAvailable, "NOT TESTED: Landlock, which this kernel does not have.");

    /// <summary>Finds the process of slirp4netns: the last one of those that connect the sandbox.</summary>
    private static int FindSlirp(LaunchedSandbox sandbox) =>
        ProcessTable.DescendantsOf([sandbox.Process.Link!.Id], new HashSet<(int, ulong)>()).Select(entry => entry.Id).LastOrDefault(sandbox.Process.Link.Id);
}
