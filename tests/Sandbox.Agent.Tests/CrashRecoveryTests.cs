using System.Net;
using System.Text.Json;
using Sandbox.Protocol;

namespace Sandbox.Agent.Tests;

/// <summary>A new agent finds what the previous one stored before it crashed.</summary>
public sealed class CrashRecoveryTests : IAsyncLifetime
{
    private readonly AgentFixture _agent = new();

    public ValueTask InitializeAsync() => _agent.InitializeAsync();

    public ValueTask DisposeAsync() => _agent.DisposeAsync();

    [Fact]
    public async Task Output_survives_an_agent_crash_and_the_command_runs_once()
    {
        string session = await _agent.NewSessionAsync(new { });
        object body = new { command = "echo x >> runs; printf 'out\\0put'; echo err >&2; exit 5" };
        await _agent.RunAsync(session, body, "past");
        await _agent.StopAsync();
        await _agent.StartAsync();

        ProcessInfo info = await _agent.GetProcessAsync("past");
        Assert.Equal((ProcessState.Exited, ProcessKind.Command, session, 5, new OutputRange(0, 7)),
            (info.State, info.Kind, info.SessionId, info.Exit!.ExitCode, info.Stdout));
        CommandResult read = await _agent.ReadOutputAsync("past", "2,0");
        Assert.Equal(("t\0put", "err\n", 5), (read.Output, read.ErrorText, read.ExitCode));
        Assert.Equal(5, (await _agent.RunAsync(session, body, "past")).ExitCode);
        Assert.Equal("x\n", await File.ReadAllTextAsync(Path.Combine(_agent.Workspace, "runs")));
        using HttpResponseMessage other = await _agent.PostAsync("exec", new { command = "true" }, session, "past");
        Assert.Equal(HttpStatusCode.Conflict, other.StatusCode);
    }

    [Fact]
    public async Task Running_command_becomes_lost_and_has_no_exit_code()
    {
        Gate gate = _agent.NewGate();
        await _agent.StartProcessAsync(new { command = $"echo begun; {gate.Await}" }, "cut-off");
        await Wait.UntilAsync(async () => (await _agent.GetProcessAsync("cut-off")).Stdout.End > 0, "the process has printed");
        await _agent.CrashAsync();
        gate.Open();
        await _agent.StartAsync();

        ProcessInfo info = await _agent.GetProcessAsync("cut-off");
        Assert.Equal((ProcessState.Lost, null, null), (info.State, info.Exit, info.EndedAt));
        CommandResult read = await _agent.ReadOutputAsync("cut-off");
        Assert.Equal(("begun\n", null, ErrorCodes.ProcessLost), (read.Output, read.Exit, read.Error!.Code));
    }

    [Fact]
    public async Task Retention_limits_survive_an_agent_crash()
    {
        await _agent.SetRetentionAsync(new { commands = 1 });
        await _agent.StopAsync();
        await _agent.StartAsync();
        await _agent.RunAsync(null, new { command = "true" }, "one");
        await _agent.RunAsync(null, new { command = "true" }, "two");

        // The exit is sent before the oldest records are removed.
        ProcessList list = new([]);
        await Wait.UntilAsync(
            async () =>
            {
                list = JsonSerializer.Deserialize(await _agent.Http.GetStringAsync("process?commands=true"), ProtocolJson.Default.ProcessList)!;
                return list.Processes.Count == 1;
            },
            "one command is kept");
        Assert.Equal("two", Assert.Single(list.Processes).Id);
    }

    [Fact]
    public async Task Retention_may_be_longer_than_the_calendar()
    {
        await _agent.SetRetentionAsync(new { ageSeconds = 1e300 });
        await _agent.RunAsync(null, new { command = "echo kept" }, "kept");
        await _agent.StopAsync();
        await _agent.StartAsync();
        Assert.Equal("kept\n", (await _agent.ReadOutputAsync("kept")).Output);
    }

    [Fact]
    public async Task Corrupt_record_is_lost_and_no_other_is()
    {
        await _agent.RunAsync(null, new { command = "echo good" }, "good");
        string directory = Path.Combine(_agent.State, "output");
        await File.WriteAllTextAsync(Path.Combine(directory, "900"), "nonsense, but long enough to look like a head");
        await File.WriteAllTextAsync(Path.Combine(directory, "901"), "");
        await File.WriteAllTextAsync(Path.Combine(directory, "strange"), "");
        await _agent.StopAsync();
        await _agent.StartAsync();
        Assert.Equal("good\n", (await _agent.ReadOutputAsync("good")).Output);
        Assert.Equal("new\n", (await _agent.RunAsync(null, "echo new")).Output);
    }

    [Fact]
    public async Task Damaged_records_are_set_aside()
    {
        string session = await _agent.NewSessionAsync(new { env = new { A = "1" } });
        await _agent.StopAsync();
        string sessions = Path.Combine(_agent.State, "sessions");
        string good = await File.ReadAllTextAsync(Path.Combine(sessions, session + ".json"));
        string[] damaged =
        [
            "nonsense", "null", "{}", good, good.Replace(session, "damaged5", StringComparison.Ordinal).Replace("\"1\"", "null", StringComparison.Ordinal),
            good.Replace(session, "damaged6", StringComparison.Ordinal).Replace("\"cwd\":\"/", "\"cwd\":\"", StringComparison.Ordinal),
        ];
        for (int i = 0; i < damaged.Length; i++)
        {
            await File.WriteAllTextAsync(Path.Combine(sessions, $"damaged{i + 1}.json"), damaged[i]);
        }

        await using (FileStream huge = File.Create(Path.Combine(sessions, "huge.json")))
        {
            huge.SetLength(4L << 30);
        }

        // A directory in the place of what was set aside before.
        Directory.CreateDirectory(Path.Combine(_agent.State, "sandbox.json.damaged", "inner"));
        await File.WriteAllTextAsync(Path.Combine(_agent.State, "sandbox.json"), """{"variables":null,"secrets":[]}""");
        await _agent.StartAsync();
        Assert.Equal("1\n", (await _agent.RunAsync(session, "echo $A")).Output);
        Assert.Equal(session, Assert.Single(_agent.Services.Sessions.All()).Id);
        Assert.Equal(damaged.Length + 1, Directory.GetFiles(sessions, "*.damaged").Length);
        Assert.True(File.Exists(Path.Combine(_agent.State, "sandbox.json.damaged")));
    }

    [Fact]
    public async Task Huge_log_is_not_read()
    {
        await _agent.RunAsync(null, new { command = "echo huge" }, "huge");
        await _agent.StopAsync();
        string file = Directory.EnumerateFiles(Path.Combine(_agent.State, "output")).Single(path => new FileInfo(path).Length > 0);
        await using (FileStream stream = File.OpenWrite(file))
        {
            stream.SetLength(100L << 20);
        }

        await _agent.StartAsync();
        using HttpResponseMessage answer = await _agent.Http.GetAsync("process/huge");
        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
        Assert.Equal("new\n", (await _agent.RunAsync(null, "echo new")).Output);
    }

    [Fact]
    public async Task Truncated_frame_is_ignored()
    {
        await _agent.RunAsync(null, new { command = "echo whole" }, "torn");
        await _agent.StopAsync();
        string file = Directory.EnumerateFiles(Path.Combine(_agent.State, "output")).Single(path => new FileInfo(path).Length > 0);
        await using (FileStream stream = File.OpenWrite(file))
        {
            stream.SetLength(stream.Length - 3);
        }

        await _agent.StartAsync();
        CommandResult read = await _agent.ReadOutputAsync("torn");
        Assert.Equal(("whole\n", ErrorCodes.ProcessLost), (read.Output, read.Error!.Code));
    }
}
