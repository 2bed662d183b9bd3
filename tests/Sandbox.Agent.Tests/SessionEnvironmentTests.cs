using System.Text.Json;
using Sandbox.Protocol;

namespace Sandbox.Agent.Tests;

public sealed class SessionEnvironmentTests(AgentFixture agent) : IClassFixture<AgentFixture>
{
    [Fact]
    public async Task Variables_layer_sandbox_session_shell_exports_and_command()
    {
        await PatchAsync(null, new { env = new { L1 = "sandbox", L2 = "sandbox", L3 = "sandbox", L4 = "sandbox" } });
        string session = await agent.NewSessionAsync(new { env = new { L2 = "session", L3 = "session", L4 = "session" } });
        await agent.RunAsync(session, "export L3=shell L4=shell");
        CommandResult ran = await agent.RunAsync(session, new { command = "echo $L1 $L2 $L3 $L4", env = new { L4 = "command" } });
        Assert.Equal("sandbox session shell command\n", ran.Output);
        Assert.Equal("sandbox session shell shell\n", (await agent.RunAsync(session, "echo $L1 $L2 $L3 $L4")).Output);
    }

    [Fact]
    public async Task Set_exports_in_the_running_shell_and_null_unsets()
    {
        string session = await agent.NewSessionAsync(new { env = new { GONE = "1" } });
        await PatchAsync(session, new { env = new Dictionary<string, string?> { ["GONE"] = null, ["NEW"] = "a 'b' \"c\"\n$d\t☃" } });
        Assert.Equal("a 'b' \"c\"\n$d\t☃|unset\n", (await agent.RunAsync(session, "sh -c 'printf \"%s|\" \"$NEW\"; echo ${GONE-unset}'")).Output);
    }

    [Fact]
    public async Task Last_write_wins()
    {
        string session = await agent.NewSessionAsync();
        await PatchAsync(session, new { env = new { V = "patch" } });
        await agent.RunAsync(session, "export V=shell");
        Assert.Equal("shell", (await GetAsync(session)).Env["V"]);
        await PatchAsync(session, new { env = new { V = "again" } });
        Assert.Equal("again", (await GetAsync(session)).Env["V"]);
        Assert.Equal("again\n", (await agent.RunAsync(session, "echo $V")).Output);
    }

    [Fact]
    public async Task Set_waits_for_the_running_command_and_get_returns_at_once()
    {
        string session = await agent.NewSessionAsync();
        Gate gate = agent.NewGate();
        Task<CommandResult> running = agent.RunAsync(session, gate.Await + "; echo ${WAIT-unset}");
        await Wait.UntilAsync(async () => (await agent.GetSessionAsync(session)).State == SessionState.Busy, "the command runs");
        await PatchAsync(session, new { env = new { WAIT = "set" } });
        Assert.Equal("set", (await GetAsync(session)).Env["WAIT"]);
        gate.Open();
        Assert.Equal("unset\n", (await running).Output);
        Assert.Equal("set\n", (await agent.RunAsync(session, "echo $WAIT")).Output);
    }

    [Fact]
    public async Task Get_returns_exactly_what_child_processes_get()
    {
        string session = await agent.NewSessionAsync();
        await agent.RunAsync(session, "export A=$'tab\\tnl\\nquote\\'' B='x\\y\"z$w`' C= D=☃; declare -x UNSET; declare -i -x N=5; notexported=1");
        EnvironmentState state = await GetAsync(session);
        Assert.Equal("tab\tnl\nquote'", state.Env["A"]);
        Assert.Equal("x\\y\"z$w`", state.Env["B"]);
        Assert.Equal("", state.Env["C"]);
        Assert.Equal("☃", state.Env["D"]);
        Assert.Equal("5", state.Env["N"]);
        CommandResult ran = await agent.RunAsync(session, "env -0");
        string[] names = [.. ran.Output.Split('\0', StringSplitOptions.RemoveEmptyEntries).Select(line => line[..line.IndexOf('=', StringComparison.Ordinal)])
            .Where(name => name != "_").Order(StringComparer.Ordinal)];
        Assert.Equal(names, state.Env.Keys.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Sandbox_variables_reach_new_sessions_and_sessionless_commands_only()
    {
        string old = await agent.NewSessionAsync();
        await PatchAsync(null, new { env = new { LATE = "1" } });
        string fresh = await agent.NewSessionAsync();
        Assert.Equal("unset\n", (await agent.RunAsync(old, "echo ${LATE-unset}")).Output);
        Assert.Equal("1\n", (await agent.RunAsync(fresh, "echo ${LATE-unset}")).Output);
        Assert.Equal("1\n", (await agent.RunAsync(null, "echo ${LATE-unset}")).Output);
    }

    [Fact]
    public async Task Secret_reaches_commands_and_is_returned_only_on_request()
    {
        string session = await agent.NewSessionAsync(new { secretEnv = new { TOKEN = "s3cret" } });
        await PatchAsync(session, new { secretEnv = new { LATER = "s4cret" } });
        EnvironmentState hidden = await GetAsync(session);
        Assert.Equal(["LATER", "TOKEN"], hidden.Secrets);
        Assert.Null(hidden.Env["TOKEN"]);
        Assert.Null(hidden.Env["LATER"]);
        Assert.Equal("s3cret s4cret\n", (await agent.RunAsync(session, "echo $TOKEN $LATER")).Output);
        Assert.Equal("s3cret", (await GetAsync(session, reveal: true)).Env["TOKEN"]);
        Assert.Equal(["LATER", "TOKEN"], (await GetAsync(session)).Secrets);
    }

    [Theory]
    [InlineData(10_000_000)]
    [InlineData(40_000_000)]
    public async Task Exports_beyond_the_limit_are_an_error_until_they_are_unset(int length)
    {
        string session = await agent.NewSessionAsync();
        await agent.RunAsync(session, "export SMALL=1");
        await agent.RunAsync(session, $"printf -v BIG '%*s' {length} ''; export BIG");

        // Until the shell has reported them, those of the report before are returned.
        await Wait.UntilAsync(async () =>
        {
            using HttpResponseMessage answer = await agent.SendAsync(HttpMethod.Get, "env", null, session);
            return !answer.IsSuccessStatusCode && await AgentFixture.ReadErrorCodeAsync(answer) == ErrorCodes.EnvironmentTooLarge;
        }, "the variables are refused");
        using HttpResponseMessage started = await agent.PostAsync("process", new { command = "true" }, session);
        Assert.Equal(ErrorCodes.EnvironmentTooLarge, await AgentFixture.ReadErrorCodeAsync(started));
        Assert.DoesNotContain("BIG", await File.ReadAllTextAsync($"{agent.State}/sessions/{session}.json"), StringComparison.Ordinal);
        Assert.Equal("1\n", (await agent.RunAsync(session, "unset BIG; echo $SMALL")).Output);
        EnvironmentState state = await GetAsync(session);
        Assert.Equal("1", state.Env["SMALL"]);
        Assert.DoesNotContain("BIG", state.Env.Keys);
    }

    [Fact]
    public async Task Directory_that_no_path_can_have_leaves_the_last_one()
    {
        string session = await agent.NewSessionAsync();
        await agent.RunAsync(session, "cd /usr");
        await agent.RunAsync(session, "printf -v PWD '%*s' 100000 ''");
        Assert.Equal("/usr", (await agent.GetSessionAsync(session)).Cwd);
    }

    [Fact]
    public async Task Variables_that_would_be_too_large_together_are_refused_as_a_whole()
    {
        string session = await agent.NewSessionAsync();
        string half = new('x', 5_000_000);
        await PatchAsync(session, new { env = new { A = half } });
        using HttpResponseMessage refused = await agent.SendAsync(HttpMethod.Patch, "env", new { env = new { B = half, C = "1" } }, session);
        Assert.Equal(ErrorCodes.EnvironmentTooLarge, await AgentFixture.ReadErrorCodeAsync(refused));
        EnvironmentState state = await GetAsync(session);
        Assert.Equal(half, state.Env["A"]);
        Assert.DoesNotContain("C", state.Env.Keys);
    }

    [Fact]
    public async Task JSON_body_of_more_than_8_MB_is_refused()
    {
        // A client that sends the body at once may find the connection closed before it reads the answer.
        using HttpRequestMessage request = new(HttpMethod.Post, "exec")
        {
            Content = new StringContent(JsonSerializer.Serialize(new { command = ":", stdin = new byte[9_000_000] })),
        };
        request.Headers.ExpectContinue = true;
        using HttpResponseMessage refused = await agent.Http.SendAsync(request);
        Assert.Equal((413, ErrorCodes.PayloadTooLarge), ((int)refused.StatusCode, await AgentFixture.ReadErrorCodeAsync(refused)));
    }

    [Fact]
    public async Task Default_session_follows_the_sandbox_and_cannot_be_deleted()
    {
        await using AgentFixture own = await AgentFixture.NewAsync();
        (await own.SendAsync(HttpMethod.Put, "/agent/configuration", new { env = new { A = "1" }, defaultSession = true })).EnsureSuccessStatusCode();
        await own.RunAsync(null, "cd /usr; x=1");
        (await own.SendAsync(HttpMethod.Patch, "env", new { env = new { B = "2" } })).EnsureSuccessStatusCode();
        Assert.Equal("/usr 1 1 2\n", (await own.RunAsync(null, "echo $PWD $x $A $B")).Output);
        using HttpResponseMessage deleted = await own.SendAsync(HttpMethod.Delete, "session/default", null);
        Assert.Equal(System.Net.HttpStatusCode.Forbidden, deleted.StatusCode);
        Assert.Equal("1\n", (await own.RunAsync("default", "echo $x")).Output);
    }

    private async Task PatchAsync(string? session, object body)
    {
        using HttpResponseMessage answer = await agent.SendAsync(HttpMethod.Patch, "env", body, session);
        await AgentFixture.EnsureSuccessAsync(answer);
    }

    private async Task<EnvironmentState> GetAsync(string session, bool reveal = false)
    {
        using HttpResponseMessage answer = await agent.SendAsync(HttpMethod.Get, reveal ? "env?reveal=true" : "env", null, session);
        return JsonSerializer.Deserialize(await answer.Content.ReadAsStringAsync(), ProtocolJson.Default.EnvironmentState)!;
    }
}
