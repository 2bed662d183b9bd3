using System.Net;
using System.Text.Json;
using Sandbox.Protocol;

namespace Sandbox.Agent.Tests;

public sealed class SessionTests(AgentFixture agent) : IClassFixture<AgentFixture>
{
    [Fact]
    public async Task Session_starts_with_the_given_directory_and_non_null_variables()
    {
        string session = await agent.NewSessionAsync(new { id = "prod", cwd = "app/prod",
            env = new Dictionary<string, string?> { ["NODE_ENV"] = "production", ["SKIPPED"] = null }, commandTimeoutMs = 5000 });
        Assert.Equal("prod", session);
        CommandResult ran = await agent.RunAsync(session, "pwd; echo $NODE_ENV ${SKIPPED-unset}");
        Assert.Equal($"{agent.Workspace}/app/prod\nproduction unset\n", ran.Output);
        SessionInfo info = await agent.GetSessionAsync("prod");
        Assert.Equal((SessionState.Idle, 5000L, agent.Workspace + "/app/prod"), (info.State, info.CommandTimeoutMs, info.Cwd));
    }

    [Fact]
    public async Task Sessions_share_files_and_nothing_else()
    {
        string a = await agent.NewSessionAsync(new { env = new { WHO = "a" } });
        string b = await agent.NewSessionAsync(new { env = new { WHO = "b" } });
        await agent.RunAsync(a, "echo from $WHO > shared; cd /usr; f() { :; }; x=1; export WHO2=1");
        Assert.Equal($"from a\nb {agent.Workspace} [] []\n", (await agent.RunAsync(b, "cat shared; echo $WHO $PWD [$x] [$WHO2]; type f 2>/dev/null")).Output);
    }

    [Fact]
    public async Task Commands_of_a_session_run_in_order_without_delaying_other_sessions()
    {
        string slow = await agent.NewSessionAsync();
        string fast = await agent.NewSessionAsync();
        Gate gate = agent.NewGate();
        string order = Path.Combine(agent.NewDirectory(), "order");
        Task<CommandResult> blocking = agent.RunAsync(slow, $"{gate.Await}; echo 0 >> {order}");
        await Wait.UntilAsync(async () => (await agent.GetSessionAsync(slow)).State == SessionState.Busy, "the first command runs");
        List<HttpResponseMessage> waiting = [];
        for (int i = 1; i <= 5; i++)
        {
            waiting.Add(await agent.PostAsync("exec", new { command = $"echo {i} >> {order}; echo {i}" }, slow));
        }

        Assert.Equal("fast\n", (await agent.RunAsync(fast, "echo fast")).Output);
        SessionInfo info = await agent.GetSessionAsync(slow);
        Assert.StartsWith("until", info.RunningCommand!.Command, StringComparison.Ordinal);
        gate.Open();
        await blocking;
        for (int i = 0; i < waiting.Count; i++)
        {
            Assert.Equal($"{i + 1}\n", (await AgentFixture.ReadAsync(waiting[i])).Output);
        }

        Assert.Equal("0\n1\n2\n3\n4\n5\n", await File.ReadAllTextAsync(order));
    }

    [Fact]
    public async Task Concurrent_creations_of_one_id_succeed_once()
    {
        HttpStatusCode[] codes = [.. (await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => agent.PostAsync("session", new { id = "once" }))))
            .Select(answer => answer.StatusCode)];
        Assert.Equal(1, codes.Count(code => code == HttpStatusCode.OK));
        Assert.Equal(19, codes.Count(code => code == HttpStatusCode.Conflict));
    }

    [Theory]
    [InlineData("POST", "session", "{\"id\":\"a/b\"}", 400, ErrorCodes.InvalidRequest)]
    [InlineData("POST", "session", "{\"id\":\"..\"}", 400, ErrorCodes.InvalidRequest)]
    [InlineData("POST", "session", "{\"id\":\"\"}", 400, ErrorCodes.InvalidRequest)]
    [InlineData("POST", "session", "{bad", 400, ErrorCodes.InvalidRequest)]
    [InlineData("POST", "session", "{\"env\":{\"A B\":\"x\"}}", 400, ErrorCodes.InvalidRequest)]
    [InlineData("POST", "session", "{\"env\":{\"A\":\"x\\u0000y\"}}", 400, ErrorCodes.InvalidRequest)]
    [InlineData("POST", "session", "{\"env\":{\"UID\":\"0\"}}", 400, ErrorCodes.InvalidRequest)]
    [InlineData("POST", "session", "{\"env\":{\"A\":1}}", 400, ErrorCodes.InvalidRequest)]
    [InlineData("POST", "session", "{\"commandTimeoutMs\":0}", 400, ErrorCodes.InvalidRequest)]
    [InlineData("POST", "session", "{\"cwd\":\"/proc/nope\"}", 400, ErrorCodes.WorkingDirectoryNotFound)]
    [InlineData("POST", "session", "{\"cwd\":\"/etc/passwd\"}", 400, ErrorCodes.WorkingDirectoryNotFound)]
    [InlineData("POST", "session", "{\"color\":1}", 501, ErrorCodes.Unsupported)]
    [InlineData("GET", "session/nope", null, 404, ErrorCodes.SessionNotFound)]
    [InlineData("DELETE", "session/nope", null, 404, ErrorCodes.SessionNotFound)]
    [InlineData("POST", "exec", "{}", 400, ErrorCodes.InvalidRequest)]
    [InlineData("POST", "exec", "", 400, ErrorCodes.InvalidRequest)]
    [InlineData("POST", "exec", "{\"argv\":[]}", 400, ErrorCodes.InvalidRequest)]
    [InlineData("POST", "exec", "{\"argv\":\"ls\"}", 400, ErrorCodes.InvalidRequest)]
    [InlineData("POST", "exec", "{\"argv\":[\"a\",null]}", 400, ErrorCodes.InvalidRequest)]
    [InlineData("POST", "exec", "{\"argv\":[\"a\"],\"command\":\"b\"}", 400, ErrorCodes.InvalidRequest)]
    [InlineData("POST", "exec", "{\"command\":\"a\\u0000b\"}", 400, ErrorCodes.InvalidRequest)]
    [InlineData("POST", "exec", "{\"command\":\"\\ud800\"}", 400, ErrorCodes.InvalidRequest)]
    [InlineData("POST", "exec", "{\"command\":\"a\",\"timeout_ms\":-1}", 400, ErrorCodes.InvalidRequest)]
    [InlineData("POST", "exec", "{\"command\":\"a\",\"cwd\":\"/nope\"}", 400, ErrorCodes.WorkingDirectoryNotFound)]
    [InlineData("POST", "exec", "{\"command\":\"a\",\"tty\":true}", 501, ErrorCodes.Unsupported)]
    [InlineData("GET", "exec", null, 405, ErrorCodes.MethodNotAllowed)]
    [InlineData("GET", "nothing", null, 404, ErrorCodes.RouteNotFound)]
    [InlineData("POST", "process/nope/signal", "{\"signal\":\"INT\"}", 404, ErrorCodes.ProcessNotFound)]
    [InlineData("POST", "process/nope/signal", "{\"signal\":\"FOO\"}", 400, ErrorCodes.InvalidRequest)]
    public async Task Invalid_session_request_is_refused_and_creates_nothing(string method, string path, string? body, int status, string code)
    {
        int before = (await SessionsAsync()).Count;
        using HttpResponseMessage answer = await agent.SendAsync(new HttpMethod(method), path, body);
        ErrorBody error = JsonSerializer.Deserialize(await answer.Content.ReadAsStringAsync(), ProtocolJson.Default.ErrorBody)!;
        Assert.Equal((status, code), ((int)answer.StatusCode, error.Code));
        Assert.DoesNotContain("   at ", error.Error, StringComparison.Ordinal);
        Assert.Equal(before, (await SessionsAsync()).Count);
    }

    [Fact]
    public async Task Unknown_session_is_not_found_and_never_created_implicitly()
    {
        using HttpResponseMessage exec = await agent.PostAsync("exec", new { command = "true" }, "ghost");
        using HttpResponseMessage env = await agent.SendAsync(HttpMethod.Get, "env", null, "ghost");
        using HttpResponseMessage patch = await agent.SendAsync(HttpMethod.Patch, "env", new { env = new { A = "1" } }, "ghost");
        Assert.All([exec, env, patch], answer => Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode));
        Assert.DoesNotContain(await SessionsAsync(), session => session.Id == "ghost");
    }

    [Fact]
    public async Task Directory_and_variables_of_a_command_are_its_own()
    {
        string session = await agent.NewSessionAsync(new { env = new { A = "session", B = "session" } });
        await agent.RunAsync(session, "cd /usr; cd /etc");
        CommandResult ran = await agent.RunAsync(session, new { command = "echo $A ${B-unset} $C; pwd; sh -c 'echo \"$A\"'; cd /tmp", cwd = "/usr/bin",
            env = new Dictionary<string, string?> { ["A"] = "it's\n\"q\"", ["B"] = null, ["C"] = "c" } });
        Assert.Equal("it's \"q\" unset c\n/usr/bin\nit's\n\"q\"\n", ran.Output);
        Assert.Equal("session session []\n/etc\n/usr\n", (await agent.RunAsync(session, "echo $A $B [$C]; pwd; cd - >/dev/null; pwd")).Output);
    }

    [Fact]
    public async Task Variables_of_a_command_do_not_outlive_a_shell_that_exits_in_it()
    {
        string session = await agent.NewSessionAsync(new { env = new { A = "session" } });
        await agent.RunAsync(session, new { command = "exit 1", env = new Dictionary<string, string?> { ["A"] = "own", ["C"] = "c" } });
        Assert.Equal("session []\n", (await agent.RunAsync(session, "echo $A [$C]")).Output);
    }

    [Fact]
    public async Task Relative_directory_of_a_command_starts_in_the_session_directory()
    {
        string session = await agent.NewSessionAsync(new { cwd = "/usr" });
        Assert.Equal("/usr/bin\n", (await agent.RunAsync(session, new { command = "pwd", cwd = "bin" })).Output);
    }

    [Fact]
    public async Task Agent_restart_keeps_files_and_sessions_and_reports_the_new_shell()
    {
        await using AgentFixture own = await AgentFixture.NewAsync();
        string session = await own.NewSessionAsync(new { id = "kept", env = new { A = "1" }, commandTimeoutMs = 9000 });
        await own.RunAsync(session, "cd /usr; export B=2; unset A");
        string record = Path.Combine(own.State, "sessions", "kept.json");
        await Wait.UntilAsync(() => File.Exists(record) && File.ReadAllText(record).Contains("\"B\"", StringComparison.Ordinal), "the record is written");

        // The shells are left running, as by a crash of the agent.
        await own.CrashAsync();
        await own.StartAsync();
        SessionInfo info = await own.GetSessionAsync("kept");
        Assert.Equal(("/usr", 9000L), (info.Cwd, info.CommandTimeoutMs));
        CommandResult ran = await own.RunAsync(session, "pwd; echo [$A] $B");
        Assert.Equal("/usr\n[] 2\n", ran.Output);
        Assert.True(ran.Exit!.ShellRestarted);
        Assert.False((await own.RunAsync(session, "true")).Exit!.ShellRestarted);
    }

    private async Task<IReadOnlyList<SessionInfo>> SessionsAsync() =>
        JsonSerializer.Deserialize(await agent.Http.GetStringAsync("session"), ProtocolJson.Default.SessionList)!.Sessions;
}
