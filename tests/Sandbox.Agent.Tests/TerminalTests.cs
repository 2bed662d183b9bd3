using System.Net;
using System.Net.WebSockets;
using System.Text.Json;
using Sandbox.Protocol;

namespace Sandbox.Agent.Tests;

public sealed class TerminalTests(AgentFixture agent) : IClassFixture<AgentFixture>
{
    [Fact]
    public async Task Terminal_has_the_directory_and_variables_of_its_session()
    {
        string session = await agent.NewSessionAsync(new { cwd = "term dir", env = new { FROM_SESSION = "yes" } });
        await agent.RunAsync(session, "export LATER='two words'");
        using TerminalClient terminal = await TerminalClient.OpenAsync(agent, $"session={session}&cols=100&rows=30&term=screen-256color");
        Assert.Equal(TerminalMessages.Ready, (await terminal.ReceiveMessageAsync()).Type);
        await terminal.TypeAsync("echo \"$FROM_SESSION|$LATER|${PWD##*/}|$TERM|$(stty size)|$(ps -o tty= $$)\"; tty\r");
        await terminal.WaitForAsync("yes|two words|term dir|screen-256color|30 100|pts/");
        await terminal.WaitForAsync("/dev/pts/");
        Assert.DoesNotContain("job control", terminal.Shown, StringComparison.Ordinal);
        Assert.DoesNotContain("ioctl", terminal.Shown, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Terminal_finds_the_programs_of_the_user_as_commands_do()
    {
        using TerminalClient terminal = await TerminalClient.OpenAsync(agent, "cols=100&rows=30");
        await terminal.TypeAsync("case :$PATH: in *:$HOME/.local/bin:*) echo \"own ${NPM_CONFIG_PREFIX#$HOME}\" ;; esac\r");
        await terminal.WaitForAsync("own /.local\r\n");
    }

    [Fact]
    public async Task Terminal_is_refused_in_a_session_whose_directory_was_removed()
    {
        string directory = agent.NewDirectory(), session = await agent.NewSessionAsync(new { cwd = directory });
        await agent.RunAsync(session, "true");
        Directory.Delete(directory);
        WebSocketException refused = await Assert.ThrowsAsync<WebSocketException>(() => TerminalClient.OpenAsync(agent, $"session={session}"));
        Assert.Contains("400", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Ctrl_C_interrupts_Ctrl_Z_suspends_and_Ctrl_D_ends()
    {
        string session = await agent.NewSessionAsync();
        using TerminalClient terminal = await TerminalClient.OpenAsync(agent, $"session={session}");

        // Keys reach the program only after the shell has given it the terminal, so wait until it runs.
        UniqueSleep interrupted = new();
        await terminal.TypeAsync(interrupted.Command + "\r");
        await interrupted.WaitForCountAsync(1);
        await terminal.TypeAsync("\u0003");
        await terminal.TypeAsync("echo interrupted=$?\r");
        await terminal.WaitForAsync("\rinterrupted=130\r\n");
        UniqueSleep suspended = new();
        await terminal.TypeAsync(suspended.Command + "\r");
        await suspended.WaitForCountAsync(1);
        await terminal.TypeAsync("\u001a");
        await terminal.WaitForAsync("Stopped");
        await terminal.TypeAsync("kill %1; echo reading; cat\r");
        await terminal.WaitForAsync("\rreading\r\n");
        await terminal.TypeAsync("line\r");
        await terminal.WaitForAsync("line\r\nline\r\n");
        await terminal.TypeAsync("\u0004echo after=$?\r");
        await terminal.WaitForAsync("\rafter=0\r\n");
    }

    [Fact]
    public async Task Exit_of_the_shell_is_sent_and_the_next_attach_gets_a_new_shell()
    {
        string session = await agent.NewSessionAsync();
        using (TerminalClient terminal = await TerminalClient.OpenAsync(agent, $"session={session}"))
        {
            await terminal.TypeAsync("echo last words; exit 3\r");
            TerminalMessage exit = await terminal.ExitAsync();
            Assert.Equal((3, null), (exit.Code, exit.Signal));
            Assert.Contains("\rlast words\r\n", terminal.Shown, StringComparison.Ordinal);
            Assert.True(await terminal.IsClosedAsync());
        }

        using TerminalClient fresh = await TerminalClient.OpenAsync(agent, $"session={session}");
        await fresh.TypeAsync("echo fresh\r");
        await fresh.WaitForAsync("\rfresh\r\n");
        Assert.DoesNotContain("last words", fresh.Shown, StringComparison.Ordinal);
        await fresh.TypeAsync("kill -9 $$\r");
        TerminalMessage killed = await fresh.ExitAsync();
        Assert.Equal((137, "KILL"), (killed.Code, killed.Signal));
    }

    [Fact]
    public async Task Terminal_runs_without_clients_and_replays_missed_output()
    {
        Gate gate = agent.NewGate();
        string session = await agent.NewSessionAsync();
        string id;
        long seen;
        using (TerminalClient first = await TerminalClient.OpenAsync(agent, $"session={session}"))
        {
            await first.TypeAsync($"kept=1; ({gate.Await}; echo missed-$kept) &\r");
            await first.WaitForAsync("[1] ");
            (id, seen) = (first.Terminal!, first.Position);
        }

        gate.Open();
        using TerminalClient second = await TerminalClient.OpenAsync(agent, $"session={session}&terminal={id}&offset={seen}");
        Assert.Equal(TerminalMessages.Ready, (await second.ReceiveMessageAsync()).Type);
        await second.WaitForAsync("missed-1\r\n");
        // Not the text 'until': the notice that the job is done repeats its command.
        Assert.DoesNotContain("kept=1", second.Shown, StringComparison.Ordinal);
        Assert.Equal((id, seen), (second.Terminal, second.Begin));

        // A client without a cursor gets all buffered output before 'ready'.
        using TerminalClient third = await TerminalClient.OpenAsync(agent, $"session={session}");
        Assert.Equal(TerminalMessages.Ready, (await third.ReceiveMessageAsync()).Type);
        Assert.Contains("until", third.Shown, StringComparison.Ordinal);
        Assert.Contains("missed-1", third.Shown, StringComparison.Ordinal);
        Assert.Equal(0, third.Begin);
    }

    [Fact]
    public async Task Client_that_resumes_gets_what_an_ended_shell_printed()
    {
        Gate gate = agent.NewGate();
        Gate exits = agent.NewGate();
        string session = await agent.NewSessionAsync();
        string id;
        long seen;
        using (TerminalClient first = await TerminalClient.OpenAsync(agent, $"session={session}"))
        {
            await first.TypeAsync($"{gate.Await}; echo bye; touch {exits}; exit 4\r");
            await first.WaitForAsync("exit 4");
            (id, seen) = (first.Terminal!, first.Position);
        }

        gate.Open();
        await exits.WaitUntilOpenAsync();
        using TerminalClient again = await TerminalClient.OpenAsync(agent, $"session={session}&terminal={id}&offset={seen}");
        Assert.Equal(4, (await again.ExitAsync()).Code);
        Assert.Contains("bye\r\n", again.Shown, StringComparison.Ordinal);
        using HttpResponseMessage other = await TerminalClient.AssertRefusedAsync(agent, $"session={session}&terminal=nosuch");
        Assert.Equal((HttpStatusCode.NotFound, ErrorCodes.TerminalNotFound), (other.StatusCode, await ReadErrorCodeAsync(other)));
    }

    [Fact]
    public async Task Several_clients_share_a_terminal_and_the_last_typist_sets_the_size()
    {
        string session = await agent.NewSessionAsync();
        using TerminalClient one = await TerminalClient.OpenAsync(agent, $"session={session}&cols=100&rows=30");
        await one.TypeAsync("stty size\r");
        await one.WaitForAsync("\r30 100\r\n");
        using TerminalClient two = await TerminalClient.OpenAsync(agent, $"session={session}&cols=60&rows=20");
        using TerminalClient viewer = await TerminalClient.OpenAsync(agent, $"session={session}&cols=10&rows=10&view=true");
        await two.WaitForAsync("\r30 100\r\n");
        await two.TypeAsync("stty size\r");
        await one.WaitForAsync("\r20 60\r\n");
        await viewer.WaitForAsync("\r20 60\r\n");

        // Not the controller: the size is kept for when it types again.
        await one.ResizeAsync(90, 25);
        await viewer.ResizeAsync(11, 11);
        await viewer.TypeAsync("echo never\r");
        await two.TypeAsync("stty size; echo still\r");
        await two.WaitForAsync("\r20 60\r\nstill\r\n");
        await one.TypeAsync("stty size; echo mine\r");
        await two.WaitForAsync("\r25 90\r\nmine\r\n");
        await viewer.WaitForAsync("\r25 90\r\nmine\r\n");
        Assert.DoesNotContain("never", viewer.Shown, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Resize_reaches_the_foreground_program()
    {
        string session = await agent.NewSessionAsync();
        using TerminalClient terminal = await TerminalClient.OpenAsync(agent, $"session={session}");
        await terminal.TypeAsync("bash -c 'trap \"echo now \\$(stty size)\" WINCH; echo rea\"\"dy; while :; do sleep 0.05; done'\r");
        await terminal.WaitForAsync("ready\r\n");
        await terminal.ResizeAsync(120, 40);
        await terminal.WaitForAsync("now 40 120\r\n");
    }

    [Fact]
    public async Task Fifty_megabytes_are_exact_and_a_read_only_client_does_not_block()
    {
        const int total = 50_000_000;
        string session = await agent.NewSessionAsync();
        using TerminalClient writer = await TerminalClient.OpenAsync(agent, $"session={session}");
        using TerminalClient idle = await TerminalClient.OpenAsync(agent, $"session={session}&view=true");
        await writer.TypeAsync($"stty -opost; echo begin-''here; yes 0123456789abcde | head -c {total}; echo end-''here\r");
        long counted = await writer.CountAsync("begin-here\n", "end-here\n", "0123456789abcde\n");
        Assert.Equal(total, counted);

        // The idle client missed most of it, gets a notice, and receives the end.
        await idle.WaitForAsync("end-here\n");
        Assert.True(idle.Begin > total / 2, $"{idle.Begin}");
    }

    [Fact]
    public async Task Controller_that_does_not_read_blocks_the_shell_and_loses_nothing()
    {
        const int total = 20_000_000;
        const string begin = "begin-here\n", end = "end-here\n", line = "0123456789abcde\n";
        Gate printed = agent.NewGate();
        using TerminalClient terminal = await TerminalClient.OpenAsync(agent, $"session={await agent.NewSessionAsync()}");
        using TerminalClient other = await TerminalClient.OpenAsync(agent, $"session={await agent.NewSessionAsync()}");
        await terminal.TypeAsync($"stty -opost; echo begin-''here; yes 0123456789abcde | head -c {total}; touch {printed}; echo end-''here\r");
        await terminal.WaitForAsync(begin);

        // Another terminal prints as much meanwhile: this one would have finished too if it were not blocked.
        await other.TypeAsync($"stty -opost; echo begin-''here; yes 0123456789abcde | head -c {total}; echo end-''here\r");
        Assert.Equal(total, await other.CountAsync(begin, end, line));
        Assert.False(printed.IsOpen);
        Assert.Equal(total, await terminal.CountAsync(begin, end, line));
        Assert.True(printed.IsOpen);
    }

    [Fact]
    public async Task Large_paste_reaches_a_program_that_reads_late()
    {
        string session = await agent.NewSessionAsync();
        Gate gate = agent.NewGate();
        using TerminalClient terminal = await TerminalClient.OpenAsync(agent, $"session={session}");
        await terminal.TypeAsync($"stty raw -echo; echo rea''dy; {gate.Await}; head -c 1000000 | sha256sum; stty sane\r");
        await terminal.WaitForAsync("ready\n");
        byte[] bytes = new byte[1_000_000];
        Random.Shared.NextBytes(bytes);
        Task typing = terminal.TypeAsync(bytes);
        gate.Open();
        await typing;
        await terminal.WaitForAsync(Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(bytes)).ToLowerInvariant());
    }

    [Fact]
    public async Task Deleting_the_session_ends_its_terminal_and_its_programs()
    {
        string session = await agent.NewSessionAsync();
        using TerminalClient terminal = await TerminalClient.OpenAsync(agent, $"session={session}");
        UniqueSleep job = new();
        await terminal.TypeAsync(job.Command + " &\r");
        await job.WaitForCountAsync(1);
        (await agent.SendAsync(HttpMethod.Delete, "session/" + session, null)).Dispose();
        Assert.Equal((137, "KILL"), await terminal.ExitAsync() is var exit ? (exit.Code, exit.Signal) : default);
        await Wait.UntilAsync(() => job.Processes.Count == 0, "its job has ended");
        using HttpResponseMessage refused = await TerminalClient.AssertRefusedAsync(agent, $"session={session}");
        Assert.Equal(ErrorCodes.SessionNotFound, await ReadErrorCodeAsync(refused));
    }

    [Fact]
    public async Task Terminal_does_not_wait_for_the_running_command()
    {
        string session = await agent.NewSessionAsync();
        using HttpResponseMessage running = await agent.PostAsync("exec", new { command = "sleep 600" }, session);
        using TerminalClient terminal = await TerminalClient.OpenAsync(agent, $"session={session}");
        await terminal.TypeAsync("echo at''once\r");
        await terminal.WaitForAsync("atonce\r\n");
        (await agent.SendAsync(HttpMethod.Delete, "session/" + session, null)).Dispose();
    }

    [Fact]
    public async Task Terminal_without_a_session_starts_in_the_workspace()
    {
        using TerminalClient terminal = await TerminalClient.OpenAsync(agent, "shell=sh");
        await terminal.TypeAsync("echo \"${0##*/} in $PWD\"\r");
        await terminal.WaitForAsync($"sh in {agent.Workspace}\r\n");
        await terminal.TypeAsync("exit\r");
        await terminal.ExitAsync();
    }

    [Fact]
    public async Task Missing_shell_is_the_error_that_the_bridge_sends()
    {
        string session = await agent.NewSessionAsync();
        using TerminalClient terminal = await TerminalClient.OpenAsync(agent, $"session={session}&shell=/nope");
        TerminalMessage error = await terminal.ReceiveMessageAsync();
        Assert.Equal(TerminalMessages.Error, error.Type);
        Assert.StartsWith("Failed to create PTY: ", error.Message, StringComparison.Ordinal);
        Assert.True(await terminal.IsClosedAsync());
    }

    [Fact]
    public async Task Malformed_messages_are_errors_and_unknown_ones_are_ignored()
    {
        string session = await agent.NewSessionAsync();
        using TerminalClient terminal = await TerminalClient.OpenAsync(agent, $"session={session}");
        Assert.Equal(TerminalMessages.Ready, (await terminal.ReceiveMessageAsync()).Type);
        await terminal.SendMessageAsync("not json");
        Assert.Equal("Invalid control message", (await terminal.ReceiveMessageAsync()).Message);
        await terminal.SendMessageAsync("""{"type":"dance"}""");
        await terminal.SendMessageAsync("""{"type":"resize","cols":0,"rows":-1}""");
        Assert.Equal("Invalid dimensions: cols and rows must be positive", (await terminal.ReceiveMessageAsync()).Message);
        await terminal.SendMessageAsync(new string('x', 100_000));
        Assert.Equal("Invalid control message", (await terminal.ReceiveMessageAsync()).Message);
    }

    [Theory]
    [InlineData("cols=abc", HttpStatusCode.BadRequest, ErrorCodes.InvalidRequest)]
    [InlineData("cols=0", HttpStatusCode.BadRequest, ErrorCodes.InvalidRequest)]
    [InlineData("rows=-1", HttpStatusCode.BadRequest, ErrorCodes.InvalidRequest)]
    [InlineData("cols=99999999999999", HttpStatusCode.BadRequest, ErrorCodes.InvalidRequest)]
    [InlineData("offset=x", HttpStatusCode.BadRequest, ErrorCodes.InvalidRequest)]
    [InlineData("session=a%20b", HttpStatusCode.BadRequest, ErrorCodes.InvalidRequest)]
    [InlineData("session=nosuch", HttpStatusCode.NotFound, ErrorCodes.SessionNotFound)]
    public async Task Invalid_request_is_refused_before_the_WebSocket_upgrade(string query, HttpStatusCode status, string code)
    {
        using HttpResponseMessage answer = await TerminalClient.AssertRefusedAsync(agent, query);
        Assert.Equal((status, code), (answer.StatusCode, await ReadErrorCodeAsync(answer)));
    }

    [Fact]
    public async Task Terminal_requires_a_WebSocket_request()
    {
        using HttpResponseMessage answer = await agent.Http.GetAsync("pty");
        Assert.Equal((HttpStatusCode.BadRequest, ErrorCodes.InvalidRequest), (answer.StatusCode, await ReadErrorCodeAsync(answer)));
    }

    private static async Task<string> ReadErrorCodeAsync(HttpResponseMessage answer) =>
        JsonSerializer.Deserialize(await answer.Content.ReadAsStringAsync(), ProtocolJson.Default.ErrorBody)!.Code;
}
