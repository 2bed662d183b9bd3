using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Sandbox.Linux;
using Sandbox.Protocol;
using Sandbox.Server.Engines.Bubblewrap;
using Sandbox.Server.Infrastructure;
using Sandbox.Server.Lifecycle;
using Sandbox.Server.Sandboxes;

namespace Sandbox.Server.Tests;

/// <summary>Start, exit, crash and replacement of the server.</summary>
public sealed class ServerLifecycleTests
{
    [Theory]
    [InlineData(ServerUser.Root)]
    [InlineData(ServerUser.Ordinary)]
    public async Task Start_starts_a_server_and_then_finds_it(ServerUser user)
    {
        await using TestServer server = TestServer.Prepare(user);
        ReadyMessage first = await server.StartAsync();
        ReadyMessage second = await server.StartAsync();
        Assert.True(first.Started);
        Assert.False(second.Started);
        Assert.Equal(first with { Started = false }, second);
        Assert.Equal($"unix:{server.Home}/run/server.sock", first.Uri);
        ServerInfo about = await server.GetServerInfoAsync();
        Assert.Equal((first.ProcessId, first.Build, "v1", "sandboxd"), (about.ProcessId, about.Build, about.ApiVersion, about.Name));
        Assert.Equal(
            ["isolation", "network-internet", "network-none", "network-host", "limit-memory", "limit-processes", "limit-cpus", "limit-disk"],
            about.Abilities.Select(ability => ability.Name));
        string[] everywhere = ["isolation", "network-none", "network-host"];
        Assert.All(about.Abilities, ability => Assert.True(ability.Available || !everywhere.Contains(ability.Name), ability.Reason));
        Assert.All(about.Abilities, ability => Assert.True(ability.Available || (ability.Reason?.Length > 0 && ability.Remedy?.Length > 0), ability.Name));
    }

    [Fact]
    public async Task Concurrent_starts_end_with_one_server_and_all_succeed()
    {
        await using TestServer server = TestServer.Prepare(ServerUser.Ordinary);
        ReadyMessage[] lines = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => server.StartAsync()));
        Assert.Single(lines, line => line.Started);
        Assert.Single(lines.Select(line => line.ProcessId).Distinct());
    }

    [Theory]
    [InlineData(ServerUser.Root)]
    [InlineData(ServerUser.Ordinary)]
    public async Task Killed_server_ends_no_sandbox_and_the_next_one_takes_over(ServerUser user)
    {
        await using TestServer server = await TestServer.StartAsync(user);
        await server.CreateAsync("""{"id":"a","labels":{"k":"v"}}""");
        await server.ExecAsync("a", "echo kept >/tmp/in-memory");
        SandboxRecord before = server.RecordOf("a");
        await server.KillAsync();
        Assert.True(ProcessReaper.IsRunning(before.Process!));

        Assert.True((await server.StartAsync()).Started);
        Assert.Equal(SandboxState.Running, await server.StateAsync("a"));
        Assert.Equal("kept\n", (await server.ExecAsync("a", "cat /tmp/in-memory")).Output);
        Assert.Equal(before.Process!.InitId, server.RecordOf("a").Process!.InitId);
        Assert.Equal("v", server.RecordOf("a").Labels["k"]);
    }

    [Fact]
    public async Task Stopping_the_server_ends_all_processes_and_keeps_the_files()
    {
        await using TestServer server = await TestServer.StartAsync(ServerUser.Ordinary);
        await server.CreateAsync("""{"id":"a"}""");
        await server.CreateAsync("""{"id":"b"}""");
        await server.ExecAsync("a", "echo kept >file; (setsid sleep 1000 &)");
        BubblewrapProcess[] processes = [server.RecordOf("a").Process!, server.RecordOf("b").Process!];
        ProcessEntry process = await server.ProcessAsync();
        Assert.Equal(202, (int)(await server.PostAsync("v1/server/stop")).StatusCode);
        Assert.All(processes, ended => Assert.False(ProcessReaper.IsRunning(ended)));
        await TestServer.WaitUntilExitedAsync(process);
        await server.StartAsync();
        Assert.Equal(SandboxState.Stopped, await server.StateAsync("a"));
        Assert.Equal("kept\n", (await server.ExecAsync("a", "cat file")).Output);
    }

    [Fact]
    public async Task Sandbox_that_died_without_a_server_is_stopped_and_keeps_its_files()
    {
        await using TestServer server = await TestServer.StartAsync(ServerUser.Root);
        await server.CreateAsync("""{"id":"a"}""");
        await server.ExecAsync("a", "echo kept >file");
        await server.KillAsync();
        await ProcessReaper.KillAsync(server.RecordOf("a").Process!);
        await server.StartAsync();
        Assert.Equal(SandboxState.Stopped, await server.StateAsync("a"));
        Assert.Equal("kept\n", (await server.ExecAsync("a", "cat file")).Output);
        Assert.Equal(SandboxState.Running, await server.StateAsync("a"));
    }

    [Fact]
    public async Task Sandbox_without_its_socket_is_started_again()
    {
        await using TestServer server = await TestServer.StartAsync(ServerUser.Ordinary);
        await server.CreateAsync("""{"id":"a"}""");
        await server.ExecAsync("a", "echo kept >file");
        BubblewrapProcess before = server.RecordOf("a").Process!;
        await server.KillAsync();
        File.Delete(before.Socket);
        await server.StartAsync();
        Assert.Equal("kept\n", (await server.ExecAsync("a", "cat file")).Output);
        Assert.False(ProcessReaper.IsRunning(before));
    }

    [Fact]
    public async Task Idle_server_exits_and_its_sandboxes_keep_running()
    {
        await using TestServer server = await TestServer.StartAsync(ServerUser.Ordinary);
        await server.CreateAsync("""{"id":"a"}""");
        await server.KillAsync();

        // An open request keeps the server running beyond its idle timeout.
        (ProcessEntry? process, HttpResponseMessage answer) = await server.StartWithShortIdleExitAsync<HttpResponseMessage>(
            async () => await server.StartExecAsync("a", "until [ -e finish ]; do sleep 0.05; done; echo done"));
        await TestServer.OutlastShortIdleExitAsync();
        File.WriteAllText($"{server.SandboxDirectory("a")}/workspace/finish", "");
        using (answer)
        {
            Assert.Equal("done\n", (await EventStream.ReadAsync(answer)).Output);
        }

        await TestServer.WaitUntilExitedAsync(process!.Value);
        Assert.True(ProcessReaper.IsRunning(server.RecordOf("a").Process!));
        Assert.Contains("without a request", server.Log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Server_of_another_build_replaces_the_running_one_and_keeps_sandboxes()
    {
        await using TestServer server = await TestServer.StartAsync(ServerUser.Ordinary);
        await server.CreateAsync("""{"id":"a"}""");
        ProcessEntry old = await server.ProcessAsync();
        string newer = TestMachine.NewDirectory(0);
        try
        {
            TestMachine.CopyPrograms(TestMachine.Programs, newer);
            // Bytes appended to a program change only its identity.
            await File.AppendAllTextAsync(Path.Combine(newer, "sandbox-agent"), "newer");
            BubblewrapProcess before = server.RecordOf("a").Process!;
            server.Programs = newer;
            ReadyMessage replaced = await server.StartAsync();
            Assert.True(replaced.Started);
            Assert.NotEqual(old.Id, replaced.ProcessId);
            await TestServer.WaitUntilExitedAsync(old);
            Assert.Equal(SandboxState.Running, await server.StateAsync("a"));
            Assert.Equal(before.InitId, server.RecordOf("a").Process!.InitId);
            Assert.True(Directory.Exists(before.Program));

            // After a restart the sandbox runs the newer agent.
            await server.PostAsync("v1/sandbox/a/stop");
            await server.ExecAsync("a", "true");
            Assert.NotEqual(before.Program, server.RecordOf("a").Process!.Program);
        }
        finally
        {
            await server.DisposeAsync();
            Directory.Delete(newer, recursive: true);
        }
    }

    [Fact]
    public async Task Incomplete_files_of_a_killed_server_are_removed()
    {
        await using TestServer server = await TestServer.StartAsync(ServerUser.Root);
        await server.CreateAsync("""{"id":"a"}""");
        await server.CreateAsync("""{"id":"b"}""");
        string[] directories = [server.SandboxDirectory("a"), server.SandboxDirectory("b")];
        BubblewrapProcess[] processes = [server.RecordOf("a").Process!, server.RecordOf("b").Process!];
        await server.KillAsync();

        // The state after a crash between a launch and its record: one sandbox was being created, the other was being started again.
        Rewrite(directories[0], record => Interrupted(record) with { Phase = SandboxPhase.Creating });
        Rewrite(directories[1], Interrupted);
        await server.StartAsync();
        Assert.All(processes, process => Assert.False(ProcessReaper.IsRunning(process)));
        Assert.False(Directory.Exists(directories[0]));
        Assert.Equal(SandboxState.Stopped, await server.StateAsync("b"));
        Assert.Equal("ok\n", (await server.ExecAsync("b", "echo ok")).Output);
    }

    [Fact]
    public async Task Unreachable_server_is_terminated_and_replaced()
    {
        await using TestServer server = await TestServer.StartAsync(ServerUser.Ordinary);
        int old = (await server.GetServerInfoAsync()).ProcessId;
        File.Delete(Path.Combine(server.Home, "run", "server.sock"));
        ReadyMessage fresh = await server.StartAsync();
        Assert.True(fresh.Started);
        Assert.NotEqual(old, fresh.ProcessId);
    }

    [Fact]
    public async Task Start_waits_for_a_server_that_responds_slowly()
    {
        await using TestServer server = await TestServer.StartAsync(ServerUser.Ordinary);
        ProcessEntry slow = await server.ProcessAsync();
        await TestMachine.SuspendAsync(slow);
        Task<ReadyMessage> starting = server.StartAsync();

        // Logged by the second server that this start tries, after the first has not responded.
        await Wait.UntilAsync(
            () => server.Log.Contains("Another server uses this home", StringComparison.Ordinal), "the first server has not answered in time");
        ProcessTable.Send(slow, Signal.CONT);
        ReadyMessage found = await starting;
        Assert.Equal((slow.Id, false), (found.ProcessId, found.Started));
    }

    [Fact]
    public async Task Server_that_responds_slowly_is_not_terminated()
    {
        await using TestServer server = await TestServer.StartAsync(TestMachine.CurrentUser);
        ProcessEntry slow = await server.ProcessAsync();
        await TestMachine.SuspendAsync(slow);
        await new RunningServer(ServerHome.Open(server.Home)).TerminateIfUnreachableAsync();
        ulong pending = PendingSignalsOf(slow.Id);
        ProcessTable.Send(slow, Signal.CONT);
        Assert.Equal(0u, pending & (1ul << ((int)Signal.TERM - 1)));
        Assert.Equal(slow.Id, (await server.GetServerInfoAsync()).ProcessId);
    }

    [Fact]
    public async Task Failed_start_is_one_line_with_the_end_of_the_log()
    {
        await using TestServer server = TestServer.Prepare(ServerUser.Root);
        Directory.CreateDirectory(Path.Combine(server.Home, "state"));
        Directory.CreateDirectory(Path.Combine(server.Home, "state", "server.lock"));
        ProcessResult run = await server.RunAsync("start");
        Assert.Equal(1, run.ExitCode);
        Assert.Empty(run.Output);
        ErrorBody error = JsonSerializer.Deserialize(run.Error, ProtocolJson.Default.ErrorBody)!;
        Assert.Contains("server.lock", error.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", error.Error, StringComparison.Ordinal);
        Directory.Delete(Path.Combine(server.Home, "state", "server.lock"));
    }

    /// <summary>Returns the pending signals of a stopped process: ShdPnd in proc(5).</summary>
    private static ulong PendingSignalsOf(int process)
    {
        const string field = "ShdPnd:";
        string line = File.ReadLines($"/proc/{process}/status").Single(line => line.StartsWith(field, StringComparison.Ordinal));
        return ulong.Parse(line.AsSpan(field.Length).Trim(), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
    }

    [Fact]
    public async Task Sandbox_recorded_by_an_earlier_version_is_taken_over_running()
    {
        await using TestServer server = await TestServer.StartAsync(ServerUser.Ordinary);
        await server.CreateAsync("""{"id":"a","labels":{"k":"v"}}""");
        BubblewrapProcess before = server.RecordOf("a").Process!;
        string file = Path.Combine(server.SandboxDirectory("a"), "box.json");
        await server.KillAsync();

        // Earlier records had no engine: its state was part of the record.
        JsonObject record = JsonNode.Parse(File.ReadAllText(file))!.AsObject();
        record.Remove("engineState", out JsonNode? state);
        record.Remove("engine");
        foreach ((string name, JsonNode? value) in state!.AsObject().Where(field => field.Key != "version"))
        {
            record[name] = value?.DeepClone();
        }

        File.WriteAllText(file, record.ToJsonString());
        await server.StartAsync();
        SandboxInfo taken = JsonSerializer.Deserialize(await server.Client.GetStringAsync("v1/sandbox/a"), ProtocolJson.Default.SandboxInfo)!;
        Assert.Equal(("bubblewrap", SandboxState.Running, "v"), (taken.Engine, taken.State, taken.Labels["k"]));
        Assert.NotEmpty(taken.Isolation);
        Assert.Equal("ok\n", (await server.ExecAsync("a", "echo ok")).Output);
        await server.PostAsync("v1/sandbox/a/stop");
        Assert.False(ProcessReaper.IsRunning(before));
        Assert.Null(server.RecordOf("a").Process);
    }

    private static SandboxRecord Interrupted(SandboxRecord record) => record.WithState(record.State with { Launching = true, Process = null });

    private static void Rewrite(string directory, Func<SandboxRecord, SandboxRecord> change)
    {
        string file = Path.Combine(directory, "box.json");
        SandboxRecord record = SandboxRecord.TryRead(file)!;
        AtomicFile.WriteJson(file, change(record), RecordJson.Default.SandboxRecord);
    }
}
