using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Sandbox.Linux;
using Sandbox.Protocol;
using Sandbox.Server.Engines.Bubblewrap;
using Sandbox.Server.Infrastructure;
using Sandbox.Server.Sandboxes;

namespace Sandbox.Server.Tests;

/// <summary>Real server with a SANDBOX_HOME of its own and real sandboxes. Disposing it ends both and removes the home.</summary>
public sealed class TestServer : IAsyncDisposable
{
    private const string IdleExitVariable = "SANDBOX_IDLE_EXIT_SECONDS";
    private const string LongIdleExit = "600";
    private const string ShortIdleExit = "2";

    private bool _isBubblewrapDelayed;

    private TestServer(ServerUser user)
    {
        User = user;
        Home = TestMachine.NewDirectory(TestMachine.IdOf(user));
        Environment["SANDBOX_HOME"] = Home;
        Environment[IdleExitVariable] = LongIdleExit;
        // Tests count directories and processes, so a pool must be requested.
        Environment["SANDBOX_POOL_SIZE"] = "0";
        Client = CreateClient(Path.Combine(Home, "run", "server.sock"));
    }

    internal ServerUser User { get; }

    internal string Home { get; }

    internal string Programs { get; set; } = TestMachine.Programs;

    internal Dictionary<string, string?> Environment { get; } = [];

    internal HttpClient Client { get; }

    /// <summary>Gets or sets the command line that starts the server in other namespaces.</summary>
    internal IReadOnlyList<string> Launcher { get; set; } = [];

    /// <summary>Gets the file whose existence lets a delayed bubblewrap start, see <see cref="DelayBubblewrap"/>.</summary>
    private string StartSignal => Path.Combine(Home, "start-bubblewrap");

    /// <summary>Gets the log of the server, if <c>sandboxd start</c> started it.</summary>
    internal string Log => File.Exists(Path.Combine(Home, "state", "server.log")) ? File.ReadAllText(Path.Combine(Home, "state", "server.log")) : "";

    /// <summary>Creates a home without starting a server.</summary>
    internal static TestServer Prepare(ServerUser user)
    {
        TestMachine.Require(user);
        return new TestServer(user);
    }

    /// <summary>Creates a home and starts its server.</summary>
    internal static async Task<TestServer> StartAsync(ServerUser user)
    {
        TestServer server = Prepare(user);
        await server.StartAsync();
        return server;
    }

    /// <summary>Runs <c>sandboxd start</c>.</summary>
    internal async Task<ReadyMessage> StartAsync()
    {
        ProcessResult run = await RunAsync("start");
        Assert.True(run.ExitCode == 0, run.Error);
        Assert.Equal(1, run.Output.AsSpan().Count('\n'));
        return JsonSerializer.Deserialize(run.Output, ProtocolJson.Default.ReadyMessage)!;
    }

    /// <summary>Starts the server with a short idle timeout and calls it. On a busy machine it may exit before the call; then it is started again.</summary>
    /// <param name="call">The call; returns null when it found no server.</param>
    /// <returns>The server process, null when it has exited since, and the result of the call.</returns>
    internal async Task<(ProcessEntry? Process, T Answer)> StartWithShortIdleExitAsync<T>(Func<Task<T?>> call)
        where T : class
    {
        Environment[IdleExitVariable] = ShortIdleExit;
        ReadyMessage? ready = null;
        T? answer = null;
        await Wait.UntilAsync(async () =>
        {
            ready = await StartAsync();
            try
            {
                answer = await call();
            }
            catch (Exception failure) when (failure is HttpRequestException or IOException)
            {
                // The server has exited or was exiting.
            }

            return answer is not null;
        }, "a call reaches the server before it exits");
        return (ProcessTable.Find(ready!.ProcessId), answer!);
    }

    /// <summary>Waits longer than the short idle timeout: until another idle server, started now, has exited.</summary>
    internal static async Task OutlastShortIdleExitAsync()
    {
        await using TestServer idle = Prepare(TestMachine.CurrentUser);
        idle.Environment[IdleExitVariable] = ShortIdleExit;
        await idle.StartAsync();
        await Wait.UntilAsync(() => idle.Log.Contains("without a request", StringComparison.Ordinal), "an idle server has exited");
    }

    /// <summary>Replaces bubblewrap by a script. Call it before the server starts.</summary>
    /// <param name="script">The script for <c>sh</c>.</param>
    internal void ReplaceBubblewrap(string script)
    {
        string programs = $"{Home}/bin";
        Directory.CreateDirectory(programs);
        TestMachine.WriteScript($"{programs}/bwrap", script);
        Environment["PATH"] = $"relative:{programs}:/usr/bin:/bin";
    }

    /// <summary>Makes each start of bubblewrap wait for <see cref="StartBubblewrap"/>. Call it before the server starts.</summary>
    internal void DelayBubblewrap()
    {
        _isBubblewrapDelayed = true;
        ReplaceBubblewrap($"""
            until [ -e '{StartSignal}' ]; do sleep 0.01; done
            exec '{ExecutableLocator.Find("bwrap")}' "$@"
            """);
    }

    /// <summary>Ends the delay of <see cref="DelayBubblewrap"/>.</summary>
    internal void StartBubblewrap() => File.WriteAllText(StartSignal, "");

    internal Task<ProcessResult> RunAsync(params IEnumerable<string> arguments) =>
        SandboxdProgram.RunAsync(Launcher, Programs, TestMachine.IdOf(User), Environment, arguments);

    /// <summary>Kills the server and waits until its process is gone.</summary>
    internal async Task KillAsync()
    {
        ProcessEntry server = await ProcessAsync();
        ProcessTable.Send(server, Signal.KILL);
        await WaitUntilExitedAsync(server);
    }

    internal async Task<ProcessEntry> ProcessAsync() => ProcessTable.Find((await GetServerInfoAsync()).ProcessId)!.Value;

    /// <summary>Waits until a process has exited.</summary>
    internal static Task WaitUntilExitedAsync(ProcessEntry process) => WaitUntilExitedAsync(process.Id, process.StartTime);

    /// <summary>Waits until a process has exited.</summary>
    /// <param name="id">The process id, which may be reused later.</param>
    /// <param name="startTime">The start time of the process, see <see cref="ProcessEntry.StartTime"/>.</param>
    internal static Task WaitUntilExitedAsync(int id, ulong startTime) =>
        Wait.UntilAsync(() => ProcessTable.Find(id) is not { IsAlive: true } now || now.StartTime != startTime, $"process {id} has ended");

    internal async Task<ServerInfo> GetServerInfoAsync() =>
        JsonSerializer.Deserialize(await Client.GetStringAsync("v1/server"), ProtocolJson.Default.ServerInfo)!;

    internal async Task<SandboxInfo> CreateAsync(string body = "{}")
    {
        using HttpResponseMessage answer = await PostAsync("v1/sandbox", body);
        string text = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.IsSuccessStatusCode, $"{text}\n{Log}");
        return JsonSerializer.Deserialize(text, ProtocolJson.Default.SandboxInfo)!;
    }

    internal Task<HttpResponseMessage> PostAsync(string path, string body = "") =>
        Client.PostAsync(path, new StringContent(body, Encoding.UTF8, "application/json"));

    internal async Task<SandboxState> StateAsync(string id) =>
        JsonSerializer.Deserialize(await Client.GetStringAsync($"v1/sandbox/{id}"), ProtocolJson.Default.SandboxInfo)!.State;

    internal async Task<ProcessResult> ExecAsync(string id, string command)
    {
        using HttpResponseMessage answer = await StartExecAsync(id, command);
        return await EventStream.ReadAsync(answer);
    }

    /// <summary>Starts a command in a sandbox.</summary>
    /// <returns>The response, whose body is streamed while the command runs.</returns>
    internal Task<HttpResponseMessage> StartExecAsync(string id, string command) => Client.SendAsync(
        new HttpRequestMessage(HttpMethod.Post, $"v1/sandbox/{id}/exec")
        {
            Content = JsonContent.Create(new ExecRequest { Command = command }, ProtocolJson.Default.ExecRequest),
        },
        HttpCompletionOption.ResponseHeadersRead);

    /// <summary>Runs a command in a sandbox whose agent has just died; repeats it while pooled connections to the dead agent still break.</summary>
    internal async Task<ProcessResult> ExecAfterCrashAsync(string id, string command)
    {
        ProcessResult? run = null;
        await Wait.UntilAsync(async () =>
        {
            using HttpResponseMessage answer = await StartExecAsync(id, command);
            run = answer.StatusCode == System.Net.HttpStatusCode.BadGateway ? null : await EventStream.ReadAsync(answer);
            return run is not null;
        }, "the sandbox answers again");
        return run!;
    }

    /// <summary>Reads the record of a sandbox from disk.</summary>
    internal SandboxRecord RecordOf(string id) => Records().Single(record => record.Id == id);

    internal IEnumerable<SandboxRecord> Records() => Directory.GetDirectories(Path.Combine(Home, "state", "boxes"))
        .Select(directory => Path.Combine(directory, "box.json"))
        .Select(SandboxRecord.TryRead)
        .OfType<SandboxRecord>();

    internal string SandboxDirectory(string id) => Path.Combine(Home, "state", "boxes", $"{RecordOf(id).Number}");

    internal static HttpClient CreateClient(string socket) => new(new SocketsHttpHandler
    {
        ConnectCallback = async (_, cancellationToken) => await UnixSocket.ConnectAsync(socket, cancellationToken),
        UseProxy = false,
        AllowAutoRedirect = false,
    })
    {
        BaseAddress = new Uri("http://server/"),
        Timeout = Wait.Limit,
    };

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        try
        {
            if (_isBubblewrapDelayed)
            {
                StartBubblewrap();
            }

            if (Directory.Exists(Path.Combine(Home, "state")))
            {
                await EndAsync();
            }
        }
        finally
        {
            Client.Dispose();
            FileTree.Remove(Home);
        }
    }

    /// <summary>Removes the sandboxes and ends the server.</summary>
    private async Task EndAsync()
    {
        // A test may have ended the server; a server is needed to end the sandboxes.
        Environment[IdleExitVariable] = LongIdleExit;
        await StartAsync();
        string list = await Client.GetStringAsync("v1/sandbox");
        foreach (SandboxInfo sandbox in JsonSerializer.Deserialize(list, ProtocolJson.Default.SandboxList)!.Sandboxes)
        {
            using HttpResponseMessage removed = await Client.DeleteAsync($"v1/sandbox/{sandbox.Id}");
        }

        ProcessEntry process = await ProcessAsync();
        using HttpResponseMessage left = await PostAsync("v1/server/leave");
        await WaitUntilExitedAsync(process);
    }
}
