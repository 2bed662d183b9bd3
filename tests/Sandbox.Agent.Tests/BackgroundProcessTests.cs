using System.Net;
using System.Text.Json;
using Sandbox.Protocol;

namespace Sandbox.Agent.Tests;

public sealed class BackgroundProcessTests(AgentFixture agent) : IClassFixture<AgentFixture>
{
    private readonly UniqueSleep _mark = new();

    [Theory]
    [InlineData("exit 7", 7)]
    [InlineData("exec sh -c 'exit 8'", 8)]
    [InlineData("set -e; false; echo not reached", 1)]
    [InlineData("(exit 9)", 9)]
    [InlineData("echo 'unclosed", 2)]
    [InlineData("kill -9 $$", 137)]
    [InlineData("true", 0)]
    public async Task Exit_is_recorded_once_however_the_process_ends(string command, int exitCode)
    {
        ProcessInfo started = await agent.StartProcessAsync(new { command });
        Assert.Equal(ProcessKind.Process, started.Kind);
        ProcessInfo ended = await agent.WaitForExitAsync(started.Id);
        Assert.Equal((ProcessState.Exited, exitCode, null), (ended.State, ended.Exit!.ExitCode, ended.Pid));
        Assert.Equal(exitCode == 137 ? "KILL" : null, ended.Exit.Signal);
        Assert.True(ended.EndedAt >= ended.StartedAt);
    }

    [Fact]
    public async Task Process_starts_with_the_session_directory_and_variables()
    {
        string session = await agent.NewSessionAsync(new { cwd = "app", env = new { A = "session" } });
        await agent.RunAsync(session, "export B=exported; mkdir -p sub; cd sub");
        ProcessInfo process = await agent.StartProcessAsync(
            new { command = "pwd; echo $A $B $C; export A=changed; cd /", env = new { C = "own" } }, session: session);
        Assert.Equal((session, $"{agent.Workspace}/app/sub"), (process.SessionId, process.Cwd));
        Assert.Equal($"{agent.Workspace}/app/sub\nsession exported own\n", (await agent.ReadOutputAsync(process.Id)).Output);
        Assert.Equal($"{agent.Workspace}/app/sub session\n", (await agent.RunAsync(session, "echo $PWD $A")).Output);
    }

    [Fact]
    public async Task Process_does_not_queue_in_its_session_and_outlives_it()
    {
        Gate gate = agent.NewGate();
        string session = await agent.NewSessionAsync();
        using HttpResponseMessage busy = await agent.PostAsync("exec", new { command = "sleep 600" }, session);
        ProcessInfo process = await agent.StartProcessAsync(new { command = $"{gate.Await}; echo ended" }, session: session);
        using HttpResponseMessage deleted = await agent.Http.DeleteAsync("session/" + session);
        Assert.True(deleted.IsSuccessStatusCode);
        Assert.Equal(ProcessState.Running, (await agent.GetProcessAsync(process.Id)).State);
        gate.Open();
        Assert.Equal("ended\n", (await agent.ReadOutputAsync(process.Id)).Output);
    }

    [Fact]
    public async Task Missing_directory_is_an_error_and_records_nothing()
    {
        using HttpResponseMessage answer = await agent.PostAsync("process", new { command = "true", cwd = "/nowhere" }, process: "no-directory");
        Assert.Equal((HttpStatusCode.BadRequest, ErrorCodes.WorkingDirectoryNotFound), (answer.StatusCode, await AgentFixture.ReadErrorCodeAsync(answer)));
        using HttpResponseMessage record = await agent.Http.GetAsync("process/no-directory");
        Assert.Equal(HttpStatusCode.NotFound, record.StatusCode);
    }

    [Fact]
    public async Task Duplicate_id_is_a_conflict_and_the_first_process_keeps_running()
    {
        ProcessInfo first = await agent.StartProcessAsync(new { command = "sleep 600" }, "twice");
        using HttpResponseMessage answer = await agent.PostAsync("process", new { command = "sleep 600" }, process: "twice");
        Assert.Equal((HttpStatusCode.Conflict, ErrorCodes.ProcessExists), (answer.StatusCode, await AgentFixture.ReadErrorCodeAsync(answer)));
        Assert.Equal((ProcessState.Running, first.Pid), ((await agent.GetProcessAsync("twice")).State, (await agent.GetProcessAsync("twice")).Pid));
        await agent.PostAsync("process/twice/signal", new { signal = "KILL" });
    }

    [Theory]
    [InlineData("../x")]
    [InlineData(".hidden")]
    [InlineData("a/b")]
    public async Task Id_is_never_used_as_a_path(string id)
    {
        using HttpResponseMessage answer = await agent.PostAsync("process", new { command = "true" }, process: id);
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
    }

    [Fact]
    public async Task Large_output_is_complete_every_time()
    {
        string[] ids = [.. (await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => agent.StartProcessAsync(new { command = "seq 1 200000" }))))
            .Select(process => process.Id)];
        foreach (string id in ids)
        {
            CommandResult ran = await agent.ReadOutputAsync(id);
            Assert.Equal((1_288_895, 0), (ran.OutputBytes.Length, ran.ExitCode));
        }
    }

    [Theory]
    [InlineData("setsid {sleep} & setsid {sleep}; {sleep}")]
    [InlineData("(setsid sh -c '({sleep} &) ; {sleep}' &) ; {sleep}")]
    [InlineData("nohup sh -c 'trap \"\" INT TERM HUP; while :; do {sleep}; done' >/dev/null 2>&1 & {sleep}")]
    [InlineData("exec {sleep}")]
    public async Task KILL_ends_the_whole_process_tree(string command)
    {
        ProcessInfo process = await agent.StartProcessAsync(new { command = _mark.Insert(command) });
        await Wait.UntilAsync(() => _mark.Processes.Count > 0, "the process runs");
        (await agent.PostAsync($"process/{process.Id}/signal", new { signal = "KILL" })).EnsureSuccessStatusCode();
        ProcessInfo ended = await agent.WaitForExitAsync(process.Id);
        Assert.Equal(("KILL", 137, true), (ended.Exit!.Signal, ended.Exit.ExitCode, ended.Exit.Cancelled));
        Assert.Empty(_mark.Processes);
    }

    [Fact]
    public async Task TERM_lets_the_process_exit_itself_and_its_shell_does_not_continue()
    {
        ProcessInfo process = await agent.StartProcessAsync(
            new { command = "bash -c 'trap \"echo bye; exit 3\" TERM; echo ready; while :; do sleep 0.02; done'; echo not reached" });
        await Wait.UntilAsync(async () => (await agent.GetProcessAsync(process.Id)).Stdout.End > 0, "the process is ready");
        await agent.PostAsync($"process/{process.Id}/signal", new { signal = "TERM" });
        CommandResult ran = await agent.ReadOutputAsync(process.Id);
        Assert.Equal(("ready\nbye\n", 3, "TERM"), (ran.Output, ran.ExitCode, ran.Exit!.Signal));
    }

    [Fact]
    public async Task KILL_ends_a_process_that_ignores_TERM()
    {
        ProcessInfo process = await agent.StartProcessAsync(new { command = "trap '' TERM; echo ready; " + _mark.Command });
        await Wait.UntilAsync(async () => (await agent.GetProcessAsync(process.Id)).Stdout.End > 0, "the process is ready");
        await agent.PostAsync($"process/{process.Id}/signal", new { signal = "TERM" });
        await agent.PostAsync($"process/{process.Id}/signal", new { signal = "KILL" });
        Assert.Equal("KILL", (await agent.WaitForExitAsync(process.Id)).Exit!.Signal);
        Assert.Empty(_mark.Processes);
    }

    [Fact]
    public async Task Other_signal_is_delivered_without_ending_the_process()
    {
        Gate gate = agent.NewGate();
        ProcessInfo process = await agent.StartProcessAsync(new { command = $"bash -c 'trap \"echo hup\" HUP; echo ready; {gate.Await}'" });
        await Wait.UntilAsync(async () => (await agent.GetProcessAsync(process.Id)).Stdout.End > 0, "the process is ready");
        await agent.PostAsync($"process/{process.Id}/signal", new { signal = "SIGHUP" });
        await Wait.UntilAsync(async () => (await agent.GetProcessAsync(process.Id)).Stdout.End > "ready\n".Length, "the trap has run");
        gate.Open();
        Assert.Equal("ready\nhup\n", (await agent.ReadOutputAsync(process.Id)).Output);
    }

    [Theory]
    [InlineData("KILL")]
    [InlineData("TERM")]
    public async Task Stop_all_ends_every_process(string signal)
    {
        string session = await agent.NewSessionAsync();
        Gate gate = agent.NewGate();
        using HttpResponseMessage command = await agent.PostAsync("exec", new { command = $"{gate.Await}; echo spared" }, session);
        ProcessInfo[] processes = await Task.WhenAll(
            Enumerable.Range(0, 30).Select(_ => agent.StartProcessAsync(new { command = _mark.Insert("{sleep} & setsid {sleep}") })));
        (await agent.PostAsync("process/signal", new { signal })).EnsureSuccessStatusCode();
        foreach (ProcessInfo process in processes)
        {
            Assert.Equal(signal, (await agent.WaitForExitAsync(process.Id)).Exit!.Signal);
        }

        Assert.Empty(_mark.Processes);
        gate.Open();
        Assert.Equal("spared\n", (await AgentFixture.ReadAsync(command)).Output);
    }

    [Fact]
    public async Task Timeout_ends_the_process_and_keeps_its_output()
    {
        // Too short even for the output on a busy machine: repeat with a longer timeout.
        CommandResult ran;
        int timeout = 200;
        do
        {
            ProcessInfo process = await agent.StartProcessAsync(new { command = $"echo before; {_mark.Command}; echo after", timeout_ms = timeout });
            ran = await agent.ReadOutputAsync(process.Id);
            timeout *= 4;
        }
        while (ran.OutputBytes.Length == 0 && timeout < Wait.Limit.TotalMilliseconds);

        Assert.Equal(("before\n", true, "TERM"), (ran.Output, ran.Exit!.TimedOut, ran.Exit.Signal));
        Assert.Empty(_mark.Processes);
    }

    [Fact]
    public async Task Input_is_accepted_in_several_requests_and_closed_on_request()
    {
        ProcessInfo process = await agent.StartProcessAsync(new { command = "while read line; do echo got $line; done; echo end", stdinOpen = true });
        foreach (string line in new[] { "one", "two" })
        {
            (await agent.Http.PostAsync($"process/{process.Id}/stdin?end=false", new StringContent(line + "\n"))).EnsureSuccessStatusCode();
            await Wait.UntilAsync(async () => (await agent.ReadOutputAsync(process.Id, follow: false)).Output.Contains("got " + line, StringComparison.Ordinal),
                "the line was read");
        }

        (await agent.Http.PostAsync($"process/{process.Id}/stdin?end=true", new ByteArrayContent([]))).EnsureSuccessStatusCode();
        Assert.Equal("got one\ngot two\nend\n", (await agent.ReadOutputAsync(process.Id)).Output);
    }

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("::1")]
    public async Task Wait_for_a_port_ends_when_a_program_listens(string address)
    {
        // Binds a port first, prints its number, and listens on it later.
        Gate gate = agent.NewGate();
        string script = $"""
            import socket, time, os
            s = socket.socket(socket.AF_INET6 if ":" in "{address}" else socket.AF_INET); s.bind(("{address}", 0)); print(s.getsockname()[1], flush=True)
            while not os.path.exists("{gate}"): time.sleep(0.02)
            s.listen(); time.sleep(600)
            """;
        ProcessInfo process = await agent.StartProcessAsync(new { argv = new[] { "python3", "-c", script } });
        string port = (await WaitForOutputAsync(process.Id, "\n")).Trim();
        Assert.Equal(WaitOutcomes.TimedOut, (await WaitAsync(process.Id, $"port={port}&timeoutMs=100")).Outcome);
        Task<WaitAnswer> waiting = WaitAsync(process.Id, $"port={port}");
        gate.Open();
        Assert.Equal(WaitOutcomes.Ready, (await waiting).Outcome);
        await agent.PostAsync($"process/{process.Id}/signal", new { signal = "KILL" });
    }

    [Fact]
    public async Task Wait_for_a_port_ends_when_the_process_exits()
    {
        using ReservedPort port = new();
        ProcessInfo brief = await agent.StartProcessAsync(new { command = "exit 4" });
        WaitAnswer answer = await WaitAsync(brief.Id, $"port={port.Number}");
        Assert.Equal((WaitOutcomes.Exited, 4), (answer.Outcome, answer.Process.Exit!.ExitCode));
    }

    [Fact]
    public async Task Wait_for_HTTP_requires_the_path_and_the_status()
    {
        string directory = agent.NewDirectory();
        await File.WriteAllTextAsync(Path.Combine(directory, "found.txt"), "found");
        ProcessInfo process = await agent.StartProcessAsync(new { argv = new[] { "python3", "-u", "-m", "http.server", "0" }, cwd = directory });
        string printed = await WaitForOutputAsync(process.Id, ")");
        string port = printed[(printed.LastIndexOf(':') + 1)..printed.LastIndexOf('/')];
        Assert.Equal(WaitOutcomes.Ready, (await WaitAsync(process.Id, $"port={port}&path=/found.txt")).Outcome);
        Assert.Equal(WaitOutcomes.Ready, (await WaitAsync(process.Id, $"port={port}&path=/missing.txt&status=404")).Outcome);
        Assert.Equal(WaitOutcomes.TimedOut, (await WaitAsync(process.Id, $"port={port}&path=/missing.txt&timeoutMs=300")).Outcome);
        await agent.PostAsync($"process/{process.Id}/signal", new { signal = "KILL" });
    }

    [Theory]
    [InlineData("port=0", "'port'")]
    [InlineData("port=70000", "'port'")]
    [InlineData("port=x", "'port'")]
    [InlineData("port=80&path=no-slash", "'path'")]
    [InlineData("port=80&status=99", "'status'")]
    [InlineData("path=/", "'port'")]
    [InlineData("timeoutMs=-1", "'timeoutMs'")]
    public async Task Invalid_wait_condition_is_refused(string query, string named)
    {
        ProcessInfo process = await agent.StartProcessAsync(new { command = "true" });
        using HttpResponseMessage answer = await agent.Http.GetAsync($"process/{process.Id}/wait?{query}");
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Contains(named, (await AgentFixture.ReadErrorAsync(answer)).Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Unknown_ended_running_and_bad_signal_have_their_own_error_codes()
    {
        Assert.Equal(ErrorCodes.ProcessNotFound, await AgentFixture.ReadErrorCodeAsync(await agent.Http.GetAsync("process/unknown")));
        Assert.Equal(
            ErrorCodes.ProcessNotFound, await AgentFixture.ReadErrorCodeAsync(await agent.PostAsync("process/unknown/signal", new { signal = "TERM" })));
        ProcessInfo running = await agent.StartProcessAsync(new { command = "sleep 600" }, "running");
        Assert.Equal(ErrorCodes.ProcessRunning, await AgentFixture.ReadErrorCodeAsync(await agent.Http.DeleteAsync("process/running")));
        Assert.Equal(
            ErrorCodes.InvalidRequest, await AgentFixture.ReadErrorCodeAsync(await agent.PostAsync("process/running/signal", new { signal = "NOPE" })));
        Assert.Equal(ErrorCodes.InvalidRequest, await AgentFixture.ReadErrorCodeAsync(await agent.PostAsync("process/running/signal", new { signal = "9" })));
        Assert.Equal(
            ErrorCodes.InvalidRequest, await AgentFixture.ReadErrorCodeAsync(await agent.Http.PostAsync("process/running/stdin", new ByteArrayContent([1]))));
        await agent.PostAsync("process/running/signal", new { signal = "KILL" });
        await agent.WaitForExitAsync(running.Id);
        Assert.Equal(ErrorCodes.ProcessEnded, await AgentFixture.ReadErrorCodeAsync(await agent.PostAsync("process/running/signal", new { signal = "TERM" })));
        Assert.Equal(HttpStatusCode.NoContent, (await agent.Http.DeleteAsync("process/running")).StatusCode);
        Assert.Equal(ErrorCodes.ProcessNotFound, await AgentFixture.ReadErrorCodeAsync(await agent.Http.GetAsync("process/running")));
    }

    [Fact]
    public async Task List_includes_commands_on_request_and_ended_ones_can_be_removed()
    {
        await agent.Http.DeleteAsync("process");
        await agent.RunAsync(null, new { command = "true" }, "a-command");
        ProcessInfo process = await agent.StartProcessAsync(new { command = "true" });
        await agent.WaitForExitAsync(process.Id);
        Assert.Contains(process.Id, (await ListAsync("")).Select(item => item.Id));
        Assert.DoesNotContain("a-command", (await ListAsync("")).Select(item => item.Id));
        Assert.Contains("a-command", (await ListAsync("?commands=true")).Select(item => item.Id));
        await agent.Http.DeleteAsync("process");
        Assert.DoesNotContain(process.Id, (await ListAsync("?commands=true")).Select(item => item.Id));
        Assert.Contains("a-command", (await ListAsync("?commands=true")).Select(item => item.Id));
    }

    [Fact]
    public async Task Result_has_processor_time_and_peak_memory()
    {
        CommandResult alone = await agent.RunAsync(null, "python3 -c 'x = bytearray(50_000_000); [i for i in range(3_000_000)]'");
        Assert.InRange(alone.Exit!.PeakMemoryBytes!.Value, 50_000_000, 500_000_000);
        Assert.True(alone.Exit.CpuMs > 20);
        string session = await agent.NewSessionAsync();
        await agent.RunAsync(session, "python3 -c '[i for i in range(3_000_000)]'");
        CommandResult cheap = await agent.RunAsync(session, "true");
        CommandResult dear = await agent.RunAsync(session, "python3 -c '[i for i in range(3_000_000)]'");
        Assert.True(dear.Exit!.CpuMs > cheap.Exit!.CpuMs + 20);
    }

    /// <summary>Reads the output of a process as soon as it contains a text.</summary>
    private async Task<string> WaitForOutputAsync(string id, string text)
    {
        string printed = "";
        await Wait.UntilAsync(
            async () =>
                (printed = (await agent.ReadOutputAsync(id, follow: false)).Output).Contains(text, StringComparison.Ordinal), $"'{id}' has printed '{text}'");
        return printed;
    }

    private async Task<WaitAnswer> WaitAsync(string id, string query) =>
        JsonSerializer.Deserialize(await agent.Http.GetStringAsync($"process/{id}/wait?{query}"), ProtocolJson.Default.WaitAnswer)!;

    private async Task<IReadOnlyList<ProcessInfo>> ListAsync(string query) =>
        JsonSerializer.Deserialize(await agent.Http.GetStringAsync("process" + query), ProtocolJson.Default.ProcessList)!.Processes;
}
