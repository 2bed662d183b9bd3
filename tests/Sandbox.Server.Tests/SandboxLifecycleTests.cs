using System.IO.Pipelines;
using System.Net;
using System.Text;
using Sandbox.Linux;
using Sandbox.Protocol;
using Sandbox.Server.Engines.Bubblewrap;
using Sandbox.Server.Infrastructure;
using Sandbox.Server.Sandboxes;

namespace Sandbox.Server.Tests;

/// <summary>Stop, restart and crash of sandboxes, and cancelled creations.</summary>
public sealed class SandboxLifecycleTests(ApiServer fixture) : IClassFixture<ApiServer>
{
    private readonly TestServer _server = fixture.Server;

    /// <summary>Returns the processes of bubblewrap, which have the sandbox's directories among their arguments.</summary>
    private static IEnumerable<ProcessEntry> Launching(TestServer server) => ProcessTable.All().Where(entry => entry.IsAlive
        && ProcessTable.CommandLineOf(entry.Id) is { } command
        && command.Any(argument => argument.StartsWith($"{server.Home}/state/", StringComparison.Ordinal)));

    [Fact]
    public async Task Stopped_sandbox_is_started_once_by_its_next_request_and_not_by_a_get()
    {
        await _server.CreateAsync("""{"id":"s","env":{"KEPT":"yes"}}""");
        await _server.ExecAsync("s", "echo file >f; sleep 1000 & disown");
        BubblewrapProcess before = _server.RecordOf("s").Process!;
        Assert.Equal(HttpStatusCode.NoContent, (await _server.PostAsync("v1/sandbox/s/stop")).StatusCode);
        Assert.False(ProcessReaper.IsRunning(before));
        Assert.Equal(SandboxState.Stopped, await _server.StateAsync("s"));
        Assert.Equal("""{"running":false}""", await _server.Client.GetStringAsync("v1/sandbox/s/running"));
        Assert.Contains("\"s\"", await _server.Client.GetStringAsync("v1/sandbox"), StringComparison.Ordinal);
        Assert.Null(_server.RecordOf("s").Process);

        ProcessResult[] runs = await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => _server.ExecAsync("s", "cat f; echo $KEPT; readlink /proc/self/ns/pid")));
        Assert.Single(runs.Distinct());
        Assert.StartsWith("file\nyes\n", runs[0].Output, StringComparison.Ordinal);
        Assert.Equal(SandboxState.Running, await _server.StateAsync("s"));
        await _server.Client.DeleteAsync("v1/sandbox/s");
    }

    [Fact]
    public async Task Nothing_runs_in_a_sandbox_that_is_shown_as_stopped()
    {
        await _server.CreateAsync("""{"id":"m"}""");
        await _server.ExecAsync("m", "sleep 1000 & disown");
        BubblewrapProcess process = _server.RecordOf("m").Process!;
        ProcessTable.Send(ProcessTable.Find(process.MonitorId)!.Value, Signal.KILL);
        await TestServer.WaitUntilExitedAsync(process.MonitorId, process.MonitorStart);
        Assert.Equal(SandboxState.Stopped, await _server.StateAsync("m"));
        await TestServer.WaitUntilExitedAsync(process.InitId, process.InitStart);
        await _server.Client.DeleteAsync("v1/sandbox/m");
    }

    [Fact]
    public async Task Killed_sandbox_keeps_nothing_of_what_it_was_receiving()
    {
        await _server.CreateAsync("""{"id":"u"}""");
        await _server.ExecAsync("u", "echo old >f");
        string workspace = $"{_server.SandboxDirectory("u")}/workspace";
        Pipe tree = new(), file = new();
        Task[] requests =
        [
            _server.Client.PostAsync("v1/sandbox/u/hydrate", new StreamContent(tree.Reader.AsStream())),
            _server.Client.PutAsync("v1/sandbox/u/file?path=f&upload=id", new StreamContent(file.Reader.AsStream())),
        ];
        await tree.Writer.WriteAsync(new byte[100_000]);
        await file.Writer.WriteAsync(new byte[1_000_000]);
        await Wait.UntilAsync(() => Directory.GetFileSystemEntries(workspace).Length == 2, "the tree is being received");
        BubblewrapProcess process = _server.RecordOf("u").Process!;
        ProcessTable.Send(ProcessTable.Find(process.InitId)!.Value, Signal.KILL);
        await TestServer.WaitUntilExitedAsync(process.InitId, process.InitStart);
        await tree.Writer.CompleteAsync();
        await file.Writer.CompleteAsync();
        await Task.WhenAll(requests.Select(request => request.ContinueWith(_ => { }, TaskScheduler.Default)));
        Assert.Equal("old\n", (await _server.ExecAsync("u", "cat f")).Output);
        await Wait.UntilAsync(() => Directory.GetFileSystemEntries(workspace).Length == 1, "the unfinished tree is removed");
        await _server.Client.DeleteAsync("v1/sandbox/u");
    }

    [Fact]
    public async Task Sandbox_starts_with_FIFOs_and_links_in_place_of_its_records()
    {
        await _server.CreateAsync("""{"id":"f"}""");
        await _server.ExecAsync("f", "true");
        await _server.PostAsync("v1/sandbox/f/stop");
        string state = $"{_server.SandboxDirectory("f")}/state";
        foreach (string name in (string[])["sessions", "output"])
        {
            Directory.Delete($"{state}/{name}", recursive: true);
            File.CreateSymbolicLink($"{state}/{name}", "/nowhere");
        }

        File.Delete($"{state}/sandbox.json");
        FileSystem.MakeFifo(new LinuxPath(Encoding.UTF8.GetBytes($"{state}/sandbox.json")), UnixFileMode.UserRead | UnixFileMode.OtherRead);
        Assert.Equal("back\n", (await _server.ExecAsync("f", "echo back")).Output);
        await _server.Client.DeleteAsync("v1/sandbox/f");
    }

    [Theory]
    [InlineData(ServerUser.Root)]
    [InlineData(ServerUser.Ordinary)]
    public async Task Sandbox_starts_after_its_code_took_all_permissions_away(ServerUser user)
    {
        await using TestServer server = await TestServer.StartAsync(user);
        await server.CreateAsync("""{"id":"p","defaultSession":true,"network":"none"}""");
        await server.ExecAsync("p", "echo kept >file");
        await server.ExecAsync("p", "cd /var/lib/sandbox; chmod 0 sandbox.json sessions/* output/* sessions output . /workspace /home/sandbox");
        await server.PostAsync("v1/sandbox/p/stop");
        Assert.Equal("kept\n", (await server.ExecAsync("p", "cat file")).Output);
    }

    [Fact]
    public async Task Server_killed_during_a_launch_leaves_no_processes_behind()
    {
        // A server of an ordinary user runs nsenter while bubblewrap waits. This one waits too.
        await using TestServer server = TestServer.Prepare(ServerUser.Ordinary);
        string nsenter = $"{server.Home}/bin/nsenter", signal = $"{server.Home}/continue";
        Directory.CreateDirectory($"{server.Home}/bin");
        TestMachine.WriteScript(nsenter, $"until [ -e '{signal}' ]; do sleep 0.01; done\nexec /usr/bin/nsenter \"$@\"");
        server.Environment["PATH"] = $"{server.Home}/bin:/usr/bin:/bin";
        ReadyMessage ready = await server.StartAsync();
        Task creation = server.PostAsync("v1/sandbox", """{"id":"k","network":"none"}""");
        await Wait.UntilAsync(() => ProcessTable.All().Any(entry => ProcessTable.CommandLineOf(entry.Id)?.Contains(nsenter) == true), "nsenter is running");
        ProcessEntry process = ProcessTable.Find(ready.ProcessId)!.Value;
        ProcessTable.Send(process, Signal.KILL);
        await TestServer.WaitUntilExitedAsync(process);
        await Assert.ThrowsAnyAsync<Exception>(() => creation);
        await Wait.UntilAsync(() => !Launching(server).Any(), "bubblewrap has exited");
        File.WriteAllText(signal, "");
    }

    [Fact]
    public async Task Bubblewrap_exits_when_its_server_was_killed_before_it_started()
    {
        await using TestServer server = TestServer.Prepare(TestMachine.CurrentUser);
        server.DelayBubblewrap();
        ReadyMessage ready = await server.StartAsync();
        Task creation = server.PostAsync("v1/sandbox", """{"id":"k","network":"none"}""");
        await Wait.UntilAsync(() => Launching(server).Any(), "bubblewrap is starting");
        ProcessEntry process = ProcessTable.Find(ready.ProcessId)!.Value;
        ProcessTable.Send(process, Signal.KILL);
        await TestServer.WaitUntilExitedAsync(process);
        await Assert.ThrowsAnyAsync<Exception>(() => creation);
        server.StartBubblewrap();
        await Wait.UntilAsync(() => !Launching(server).Any(), "bubblewrap has exited");
    }

    [Fact]
    public async Task Cancelled_isolation_check_ends_its_processes()
    {
        await using TestServer server = TestServer.Prepare(TestMachine.CurrentUser);
        server.DelayBubblewrap();
        await server.StartAsync();
        using CancellationTokenSource cancellation = new();
        Task check = server.Client.GetStringAsync("v1/server", cancellation.Token);
        await Wait.UntilAsync(() => Launching(server).Any(), "bubblewrap is starting");
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => check);
        await Wait.UntilAsync(() => !Launching(server).Any(), "bubblewrap has exited");
    }

    [Fact]
    public async Task Request_can_leave_a_stopped_sandbox_stopped()
    {
        await _server.CreateAsync("""{"id":"w"}""");
        await AskAsync("false", HttpStatusCode.OK);
        await _server.PostAsync("v1/sandbox/w/stop");
        await ApiTests.AssertErrorAsync(await AskAsync("false", HttpStatusCode.Conflict), 409, ErrorCodes.SandboxStopped);
        Assert.Equal(SandboxState.Stopped, await _server.StateAsync("w"));
        await ApiTests.AssertErrorAsync(await AskAsync("maybe", HttpStatusCode.BadRequest), 400, ErrorCodes.InvalidRequest);
        await AskAsync("true", HttpStatusCode.OK);
        Assert.Equal(SandboxState.Running, await _server.StateAsync("w"));
        await _server.Client.DeleteAsync("v1/sandbox/w");

        async Task<HttpResponseMessage> AskAsync(string wake, HttpStatusCode status)
        {
            HttpRequestMessage request = new(HttpMethod.Get, "v1/sandbox/w/session");
            request.Headers.Add(ApiHeaders.Wake, wake);
            HttpResponseMessage answer = await _server.Client.SendAsync(request);
            Assert.Equal(status, answer.StatusCode);
            return answer;
        }
    }

    [Fact]
    public async Task Such_a_request_does_not_restart_a_sandbox_that_is_stopping()
    {
        await _server.CreateAsync("""{"id":"d"}""");
        using CancellationTokenSource over = new();
        Task[] asking = [.. Enumerable.Range(0, 4).Select(_ => Task.Run(async () =>
        {
            while (!over.IsCancellationRequested)
            {
                using HttpRequestMessage request = new(HttpMethod.Get, "v1/sandbox/d/session");
                request.Headers.Add(ApiHeaders.Wake, "false");
                (await _server.Client.SendAsync(request)).Dispose();
            }
        }))];
        try
        {
            for (int i = 0; i < 5; i++)
            {
                await _server.ExecAsync("d", "true");
                await _server.PostAsync("v1/sandbox/d/stop");
                Assert.Equal(SandboxState.Stopped, await _server.StateAsync("d"));
            }
        }
        finally
        {
            await over.CancelAsync();
            await Task.WhenAll(asking);
        }

        Assert.Equal(SandboxState.Stopped, await _server.StateAsync("d"));
        await _server.Client.DeleteAsync("v1/sandbox/d");
    }

    [Fact]
    public async Task Sandbox_whose_agent_was_killed_is_restarted_by_its_next_request()
    {
        await _server.CreateAsync("""{"id":"k"}""");
        await _server.ExecAsync("k", "echo file >f; (setsid sleep 1000 &)");
        BubblewrapProcess before = _server.RecordOf("k").Process!;
        ProcessEntry agent = Assert.Single(ProcessTable.All(), entry => entry.ParentId == before.InitId
            && CommandOf(entry.Id).Contains("/opt/sandbox/sandbox-agent", StringComparison.Ordinal));
        ProcessTable.Send(agent, Signal.KILL);
        // The outer process of bubblewrap exits after all threads of the agent.
        await TestServer.WaitUntilExitedAsync(before.MonitorId, before.MonitorStart);
        Assert.Equal("file\n", (await _server.ExecAfterCrashAsync("k", "cat f")).Output);

        // No process of the dead agent is left.
        Assert.False(ProcessReaper.IsRunning(before));
        Assert.NotEqual(before.InitId, _server.RecordOf("k").Process!.InitId);
        await _server.Client.DeleteAsync("v1/sandbox/k");
        Assert.Equal(HttpStatusCode.NotFound, (await _server.Client.DeleteAsync("v1/sandbox/k")).StatusCode);
    }

    [Fact]
    public async Task Secrets_are_not_stored_by_the_server()
    {
        await _server.CreateAsync("""{"id":"t","secretEnv":{"TOKEN":"hush-hush"}}""");
        Assert.Equal("hush-hush\n", (await _server.ExecAsync("t", "echo $TOKEN")).Output);
        SandboxRecord record = _server.RecordOf("t");
        string commandLines = string.Concat(new[] { record.Process!.InitId, record.Process!.MonitorId }.Select(CommandOf));
        string files = File.ReadAllText($"{_server.SandboxDirectory("t")}/box.json") + File.ReadAllText($"{_server.SandboxDirectory("t")}/agent.log") +
            File.ReadAllText($"{_server.Home}/state/server.log");
        Assert.DoesNotContain("hush", commandLines + files, StringComparison.Ordinal);
        await _server.Client.DeleteAsync("v1/sandbox/t");
    }

    [Fact]
    public async Task Cancelled_creation_leaves_nothing()
    {
        const int moments = 10;
        int cancelled = 0;
        for (int i = 0; i < moments || cancelled == 0; i++)
        {
            // At different moments of the creation, whatever the speed of this machine.
            using CancellationTokenSource soon = new(TimeSpan.FromMilliseconds(1 + (i % moments * 3)));
            try
            {
                using HttpResponseMessage answer = await _server.Client.PostAsync("v1/sandbox", new StringContent("""{"id":"gone"}"""), soon.Token);
            }
            catch (OperationCanceledException)
            {
                // The response may have been on its way already: then the sandbox exists and is complete.
            }

            HttpStatusCode removed = await RemoveAsync();
            cancelled += removed == HttpStatusCode.NotFound ? 1 : 0;
            Assert.True(removed is HttpStatusCode.NotFound or HttpStatusCode.NoContent, $"{removed}");
        }

        // The server may read a cancelled request only after the request that removes its sandbox.
        await Wait.UntilAsync(async () => await RemoveAsync() == HttpStatusCode.NotFound && !HasRecord() && !HasProcess(), "no record and no process is left");

        async Task<HttpStatusCode> RemoveAsync()
        {
            using HttpResponseMessage answer = await _server.Client.DeleteAsync("v1/sandbox/gone");
            return answer.StatusCode;
        }

        bool HasRecord() => _server.Records().Any(record => record.Id == "gone");

        bool HasProcess()
        {
            HashSet<int> known = [.. _server.Records().SelectMany(record => (int[])[record.Process?.InitId ?? 0, record.Process?.MonitorId ?? 0])];
            return ProcessTable.All().Any(entry => !known.Contains(entry.Id) && CommandOf(entry.Id) is var command
                && command.Contains("bwrap", StringComparison.Ordinal) && command.Contains($"{_server.Home}/", StringComparison.Ordinal));
        }
    }

    [Fact]
    public async Task Cancelled_queued_creation_blocks_no_other()
    {
        SandboxRecord record = new()
        {
            Id = "early", Number = 1, CreatedAt = DateTimeOffset.UnixEpoch, Network = SandboxNetworks.None, Phase = SandboxPhase.Creating, Engine = "none",
        };
        // Neither engine nor launcher is used.
        using SandboxInstance box = new(record, new SandboxDirectories(1, "", ""), engine: null!, launcher: null!);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => box.CreateAsync(new AgentConfiguration(), new CancellationToken(canceled: true)));
        Assert.True(box.Created.IsCompleted);
    }

    private static string CommandOf(int process) => string.Join(' ', ProcessTable.CommandLineOf(process) ?? []);
}
