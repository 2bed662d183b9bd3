using Sandbox.Protocol;
using Sandbox.Server.Engines.Bubblewrap;
using Sandbox.Server.Sandboxes;

namespace Sandbox.Server.Tests;

/// <summary>What code in a sandbox can reach. <see cref="IsolationFeatureTests"/> shows that each feature is necessary.</summary>
public sealed class IsolationTests
{
    [Theory]
    [InlineData(ServerUser.Root)]
    [InlineData(ServerUser.Ordinary)]
    public async Task Sandboxed_code_reaches_neither_the_host_nor_another_sandbox(ServerUser user)
    {
        await using TestServer server = await TestServer.StartAsync(user);
        await server.CreateAsync("""{"id":"a"}""");
        await server.CreateAsync("""{"id":"b"}""");
        await server.ExecAsync("b", "echo neighbour >file; (setsid bash -c 'exec -a neighbour-process sleep 1000' &)");
        SandboxRecord neighbour = server.RecordOf("b");

        // Files of the host, its users, the server and another sandbox.
        string[] paths =
        [
            "/etc/shadow", "/etc/machine-id", "/root", "/home/*/.*", "/sys", "/boot", "/var/log", server.Home,
            $"{server.SandboxDirectory("b")}/workspace/file", $"{server.SandboxDirectory("a")}/box.json", $"{server.Home}/run/server.sock", "/run/dbus",
            "/dev/vda", "/dev/kmsg", "/dev/mem",
        ];
        ProcessResult files = await server.ExecAsync("a", $"ls -d {string.Join(' ', paths)} 2>/dev/null");
        Assert.Equal("", files.Output);
        Assert.Equal("sandbox\n", (await server.ExecAsync("a", "ls /home")).Output);

        // Only processes of the sandbox are visible.
        ProcessResult processes = await server.ExecAsync("a", "cat /proc/[0-9]*/cmdline | tr '\\0' ' '");
        Assert.Contains("sandbox-agent", processes.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("neighbour-process", processes.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("sandboxd", processes.Output, StringComparison.Ordinal);

        // Killing every process it can does not end its own agent, or only that one, which the next request starts again.
        BubblewrapProcess before = server.RecordOf("a").Process!;
        if (Linux.Landlock.IsAvailable)
        {
            await server.ExecAsync("a", "kill -9 -1");
            Assert.Equal("back\n", (await server.ExecAsync("a", "echo back")).Output);
            Assert.Equal(before, server.RecordOf("a").Process);
        }
        else
        {
            await Assert.ThrowsAnyAsync<Exception>(() => server.ExecAsync("a", "kill -9 -1"));
            await TestServer.WaitUntilExitedAsync(before.MonitorId, before.MonitorStart);
            Assert.Equal("back\n", (await server.ExecAfterCrashAsync("a", "echo back")).Output);
        }

        Assert.True(ProcessReaper.IsRunning(neighbour.Process!));
        Assert.Equal("neighbour\n1\n", (await server.ExecAsync("b", "cat file; pgrep -c -f '^neighbour-process'")).Output);
    }

    [Theory]
    [InlineData(ServerUser.Root)]
    [InlineData(ServerUser.Ordinary)]
    public async Task Sandboxed_code_cannot_use_privileged_kernel_features(ServerUser user)
    {
        await using TestServer server = await TestServer.StartAsync(user);
        await server.CreateAsync("""{"id":"a","network":"none"}""");
        foreach (IsolationProbe probe in IsolationProbe.SystemCalls)
        {
            ProcessResult run = await server.ExecAsync("a", probe.Command);
            Assert.True(run.Output == probe.Refused + "\n", $"{probe.Name}: {run.Output}{run.Error}");
        }

        // No capabilities are left, and none can be gained.
        ProcessResult status = await server.ExecAsync(
            "a", "grep -E '^(Cap...|NoNewPrivs|Seccomp):' /proc/self/status | tr -d '\\t'; id -u; cat /proc/self/uid_map | tr -s ' '");
        string host = user == ServerUser.Root ? server.RecordOf("a").UserId.ToString(System.Globalization.CultureInfo.InvariantCulture) : "";
        Assert.Equal(
            string.Concat(new[] { "Inh", "Prm", "Eff", "Bnd", "Amb" }.Select(set => $"Cap{set}:0000000000000000\n")) + "NoNewPrivs:1\nSeccomp:2\n1000\n",
            status.Output[..(status.Output.IndexOf("1000\n", StringComparison.Ordinal) + 5)]);
        Assert.NotEqual("0", host);

        // Nothing dumps core, not even to a program of the host.
        Assert.Equal("1 1\n", (await server.ExecAsync("a", "awk '/core file/ { print $5, $6 }' /proc/self/limits")).Output);

        // The network has only a loopback interface, and only directories of the sandbox are writable.
        Assert.Equal("lo\n", (await server.ExecAsync("a", "tail -n +3 /proc/net/dev | cut -d: -f1 | tr -d ' '")).Output);
        Assert.Equal("refused\n", (await server.ExecAsync(
            "a", "touch /usr/x /etc/x /opt/sandbox/x /dev/x 2>/dev/null; ls /usr/x /etc/x /opt/sandbox/x /dev/x 2>/dev/null || echo refused")).Output);
        Assert.Equal("kept\n",
            (await server.ExecAsync("a", "set -e; for d in /workspace /home/sandbox /tmp /var/tmp /dev/shm; do echo kept >$d/x; done; cat /tmp/x")).Output);
    }

    [Theory]
    [InlineData(ServerUser.Root)]
    [InlineData(ServerUser.Ordinary)]
    public async Task Agent_is_closed_to_the_code_it_runs(ServerUser user)
    {
        await using TestServer server = await TestServer.StartAsync(user);
        await server.CreateAsync("""{"id":"a","secretEnv":{"TOKEN":"t"}}""");
        ProcessResult run = await server.ExecAsync("a", """
            agent=2
            grep -q sandbox-agent /proc/$agent/cmdline || echo not found
            cat /proc/$agent/environ; ls /proc/$agent/fd; head -c 1 /proc/$agent/mem; cat /proc/$agent/maps; ls /proc/$agent/cwd/; echo x >/proc/$agent/mem
            """);
        Assert.Equal("", run.Output);
        Assert.Equal(6, run.Error.Split('\n').Count(line => line.Contains("Permission denied", StringComparison.Ordinal)));

        // None of its threads can be traced (PTRACE_SEIZE), while code traces its own children.
        const string trace = "perl -MConfig -e 'print syscall($Config{archname} =~ /aarch64/ ? 117 : 101, 0x4206, $_ + 0, 0, 0), qq( ) for @ARGV'";
        ProcessResult traces = await server.ExecAsync("a", $"set -- /proc/2/task/*; echo $#; {trace} ${{@##*/}}; sleep 100 & {trace} $!; kill $!");
        string[] results = traces.Output.Split((char[])['\n', ' '], StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal([.. Enumerable.Repeat("-1", int.Parse(results[0], System.Globalization.CultureInfo.InvariantCulture)), "0"], results[1..]);

        // Commands do not inherit the socket of the agent.
        Assert.DoesNotContain("socket:", (await server.ExecAsync("a", "ls -l /proc/self/fd/")).Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(ServerUser.Root)]
    [InlineData(ServerUser.Ordinary)]
    public async Task Code_cannot_change_the_limits_of_the_agent(ServerUser user)
    {
        await using TestServer server = await TestServer.StartAsync(user);
        await server.CreateAsync("""{"id":"a","network":"none"}""");
        ProcessResult run = await server.ExecAsync(
            "a", "for agent in 1 2; do prlimit --pid $agent --nofile=3:3; done; prlimit --nofile=100 bash -c 'ulimit -n'");
        Assert.Equal("100\n", run.Output);
        Assert.Equal(2, run.Error.Split('\n').Count(line => line.Contains("Operation not permitted", StringComparison.Ordinal)));
        Assert.Equal("still here\n", (await server.ExecAsync("a", "echo still here")).Output);
    }

    [Fact]
    public async Task Code_cannot_write_to_the_log_of_its_agent()
    {
        // Landlock would keep code away from the sandbox's init as well, where the kernel has it.
        await using LaunchedSandbox sandbox = await LaunchedSandbox.StartAsync(ServerUser.Ordinary, IsolationFeatures.All & ~IsolationFeatures.Landlock);
        ProcessResult run = await sandbox.ExecAsync(
            "for i in 1 2; do readlink /proc/1/fd/$i; echo forged | dd of=/proc/1/fd/$i oflag=nonblock,append conv=notrunc status=none 2>/dev/null; done; :");
        Assert.Equal(2, run.Output.Split('\n').Count(line => line.StartsWith("pipe:", StringComparison.Ordinal)));
        Assert.Equal("", await File.ReadAllTextAsync(sandbox.Log));
    }

    [Fact]
    public async Task Host_without_bubblewrap_gets_an_error_with_the_remedy()
    {
        await using TestServer server = await StartWithBubblewrapAsync("echo 'bwrap: Creating new namespace failed: Operation not permitted' >&2; exit 1");
        using HttpResponseMessage answer = await server.PostAsync("v1/sandbox", """{"id":"a"}""");
        string text = await answer.Content.ReadAsStringAsync();
        Assert.Equal(503, (int)answer.StatusCode);
        Assert.Contains(ErrorCodes.IsolationUnavailable, text, StringComparison.Ordinal);
        Assert.Contains("Creating new namespace failed", text, StringComparison.Ordinal);
        Assert.Contains("kernel.unprivileged_userns_clone", text, StringComparison.Ordinal);
        Assert.Empty(Directory.GetDirectories($"{server.Home}/state/boxes"));
        Ability isolation = (await server.GetServerInfoAsync()).Abilities.First(ability => ability.Name == "isolation");
        Assert.False(isolation.Available);
        Assert.NotEmpty(isolation.Remedy!);
    }

    [Fact]
    public async Task Error_output_of_a_failed_bubblewrap_is_in_the_error()
    {
        // Reports its child and then closes the pipe (6) on which the server lets the program start.
        await using TestServer server = await StartWithBubblewrapAsync("""
            exec 6<&-
            sleep 5 4>&- &
            echo 'bwrap: loopback: Failed RTM_NEWADDR: File exists' >&2
            echo '{ "child-pid": '$!' }' >&4
            exit 1
            """);
        using HttpResponseMessage answer = await server.PostAsync("v1/sandbox", """{"id":"a","network":"none"}""");
        ErrorBody error = await ApiTests.AssertErrorAsync(answer, 503, ErrorCodes.IsolationUnavailable);
        Assert.Contains("Failed RTM_NEWADDR", error.Error, StringComparison.Ordinal);
        Assert.Empty(Directory.GetDirectories($"{server.Home}/state/boxes"));
    }

    /// <summary>Starts a server that runs a script instead of bubblewrap.</summary>
    private static async Task<TestServer> StartWithBubblewrapAsync(string script)
    {
        TestServer server = TestServer.Prepare(ServerUser.Ordinary);
        server.ReplaceBubblewrap(script);
        await server.StartAsync();
        return server;
    }
}
