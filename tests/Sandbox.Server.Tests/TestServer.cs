using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Sandbox.Linux;
using Sandbox.Protocol;
using Sandbox.Server.Engines.Bubblewrap;
using Sandbox.Server.Infrastructure;
using Sandbox.Server.Sandboxes;

namespace Sandbox.Server.Tests;

/// <summary>A real server in a home of its own, with real sandboxes. Disposing it ends both and removes the home.</summary>
public sealed class TestServer : IAsyncDisposable
{
    private const string IdleExitVariable = "SANDBOX_IDLE_EXIT_SECONDS";
    private const string LongIdleExit = "600";
    private const string ShortIdleExit = "2";

    private bool isBubblewrapDelayed;

    private TestServer(ServerUser user)
    {
        User = user;
        Home = Host.NewDirectory(Host.IdOf(user));
        Environment["SANDBOX_HOME"] = Home;
        Environment[IdleExitVariable] = LongIdleExit;
        // Tests count directories and processes; those of spares are to be asked for.
        Environment["SANDBOX_POOL_SIZE"] = "0";
        Client = CreateClient(Path.Combine(Home, "run", "server.sock"));
    }

    internal ServerUser User { get; }

    internal string Home { get; }

    internal string Programs { get; set; } = Host.Programs;

    internal Dictionary<string, string?> Environment { get; } = [];

    internal HttpClient Client { get; }

    /// <summary>The command line that starts the server in other namespaces.</summary>
    internal IReadOnlyList<string> Through { get; set; } = [];

    /// <summary>The file whose existence lets a delayed bubblewrap start, see <see cref="DelayBubblewrap"/>.</summary>
    private string StartSignal => Path.Combine(Home, "start-bubblewrap");

    /// <summary>Gets what the server has logged, if <c>sandboxd start</c> started it.</summary>
    internal string Log => File.Exists(Path.Combine(Home, "state", "server.log")) ? File.ReadAllText(Path.Combine(Home, "state", "server.log")) : "";

    /// <summary>A home without a server.</summary>
    internal static TestServer Prepare(ServerUser user)
    {
        Host.Require(user);
        return new TestServer(user);
    }

    /// <summary>A home with its server started.</summary>
    internal static async Task<TestServer> StartAsync(ServerUser user)
    {
        TestServer server = Prepare(user);
        await server.StartAsync();
        return server;
    }

    /// <summary>Runs <c>sandboxd start</c>.</summary>
    internal async Task<ReadyMessage> StartAsync()
    {
        Finished run = await RunAsync("start");
        Assert.True(run.ExitCode == 0, run.Error);
        Assert.Equal(1, run.Output.AsSpan().Count('\n'));
        return JsonSerializer.Deserialize(run.Output, ProtocolJson.Default.ReadyMessage)!;
    }

    /// <summary>Starts the server with a short idle limit, and calls it. On a busy machine it may have exited before the call; then it is started again.</summary>
    /// <param name="call">The call; null when it found no server.</param>
    /// <returns>The server's process, null when it has exited since, and the answer.</returns>
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
                // It has exited, or was exiting.
            }

            return answer is not null;
        }, "a call reaches the server before it exits");
        return (ProcessTable.Find(ready!.ProcessId), answer!);
    }

    /// <summary>Waits longer than the short idle limit: until another server, which is started now and which nobody calls, has exited.</summary>
    internal static async Task OutlastShortIdleExitAsync()
    {
        await using TestServer idle = Prepare(Host.CurrentUser);
        idle.Environment[IdleExitVariable] = ShortIdleExit;
        await idle.StartAsync();
        await Wait.UntilAsync(() => idle.Log.Contains("without a request", StringComparison.Ordinal), "a server that nobody calls exits");
    }

    /// <summary>Puts a script in the place of bubblewrap. Call it before the server starts.</summary>
    /// <param name="script">The script, for <c>sh</c>.</param>
    internal void ReplaceBubblewrap(string script)
    {
        string programs = $"{Home}/bin";
        Directory.CreateDirectory(programs);
        Host.WriteScript($"{programs}/bwrap", script);
        Environment["PATH"] = $"relative:{programs}:/usr/bin:/bin";
    }

    /// <summary>Makes each start of bubblewrap wait for <see cref="StartBubblewrap"/>. Call it before the server starts.</summary>
    internal void DelayBubblewrap()
    {
        isBubblewrapDelayed = true;
        ReplaceBubblewrap($"""
            until [ -e '{StartSignal}' ]; do sleep 0.01; done
            exec '{ExecutableLocator.Find("bwrap")}' "$@"
            """);
    }

    /// <summary>Ends the delay of <see cref="DelayBubblewrap"/>.</summary>
    internal void StartBubblewrap() => File.WriteAllText(StartSignal, "");

    internal Task<Finished> RunAsync(params IEnumerable<string> arguments) =>
        CommandLine.RunAsync(Through, Programs, Host.IdOf(User), Environment, arguments);

    /// <summary>Kills the server, and waits until it is gone.</summary>
    internal async Task KillAsync()
    {
        ProcessEntry server = await ProcessAsync();
        ProcessTable.Send(server, Signal.KILL);
        await UntilGoneAsync(server);
    }

    /// <summary>Gets the server's process.</summary>
    internal async Task<ProcessEntry> ProcessAsync() => ProcessTable.Find((await AboutAsync()).ProcessId)!.Value;

    /// <summary>Waits until a process has ended.</summary>
    internal static Task UntilGoneAsync(ProcessEntry process) => UntilGoneAsync(process.Id, process.StartTime);

    /// <summary>Waits until a process has ended.</summary>
    /// <param name="id">The process id, which another process may get later.</param>
    /// <param name="startTime">When the process started, see <see cref="ProcessEntry.StartTime"/>.</param>
    internal static Task UntilGoneAsync(int id, ulong startTime) =>
        Wait.UntilAsync(() => ProcessTable.Find(id) is not { IsAlive: true } now || now.StartTime != startTime, $"process {id} has ended");

    internal async Task<ServerInfo> AboutAsync() =>
        JsonSerializer.Deserialize(await Client.GetStringAsync("v1/server"), ProtocolJson.Default.ServerInfo)!;

    /// <summary>Makes a sandbox.</summary>
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

    /// <summary>Runs a command in a sandbox.</summary>
    internal async Task<Finished> ExecAsync(string id, string command)
    {
        using HttpResponseMessage answer = await BeginExecAsync(id, command);
        return await EventStream.ReadAsync(answer);
    }

    /// <summary>Starts a command in a sandbox.</summary>
    /// <returns>The response, whose body comes as the command runs.</returns>
    internal Task<HttpResponseMessage> BeginExecAsync(string id, string command) => Client.SendAsync(
        new HttpRequestMessage(HttpMethod.Post, $"v1/sandbox/{id}/exec") { Content = JsonContent.Create(new ExecRequest { Command = command }, ProtocolJson.Default.ExecRequest) },
        HttpCompletionOption.ResponseHeadersRead);

    /// <summary>Runs a command in a sandbox whose agent has just died. Connections to the dead one may still break for some milliseconds, and then say so.</summary>
    internal async Task<Finished> ExecOnceBackAsync(string id, string command)
    {
        Finished? run = null;
        await Wait.UntilAsync(async () =>
        {
            using HttpResponseMessage answer = await BeginExecAsync(id, command);
            run = answer.StatusCode == System.Net.HttpStatusCode.BadGateway ? null : await EventStream.ReadAsync(answer);
            return run is not null;
        }, "the sandbox answers again");
        return run!;
    }

    /// <summary>What the server has on disk of a sandbox.</summary>
    internal SandboxRecord RecordOf(string id) => Records().Single(record => record.Id == id);

    internal IEnumerable<SandboxRecord> Records() => Directory.GetDirectories(Path.Combine(Home, "state", "boxes"))
        .Select(directory => Path.Combine(directory, "box.json"))
        .Select(SandboxRecord.TryRead)
        .OfType<SandboxRecord>();

    internal string BoxDirectory(string id) => Path.Combine(Home, "state", "boxes", $"{RecordOf(id).Number}");

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

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        try
        {
            if (isBubblewrapDelayed)
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
        // A test may have ended the server; sandboxes end through one.
        Environment[IdleExitVariable] = LongIdleExit;
        await StartAsync();
        string list = await Client.GetStringAsync("v1/sandbox");
        foreach (SandboxInfo sandbox in JsonSerializer.Deserialize(list, ProtocolJson.Default.SandboxList)!.Sandboxes)
        {
            using HttpResponseMessage removed = await Client.DeleteAsync($"v1/sandbox/{sandbox.Id}");
        }

        ProcessEntry process = await ProcessAsync();
        using HttpResponseMessage left = await PostAsync("v1/server/leave");
        await UntilGoneAsync(process);
    }
}
