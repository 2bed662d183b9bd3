using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Sandbox.Linux;
using Sandbox.Protocol;
using Sandbox.Server.Registry;

namespace Sandbox.Server.Tests;

/// <summary>A real server in a home of its own, with real sandboxes. Disposing it ends both and removes the home.</summary>
public sealed class TestServer : IAsyncDisposable
{
    private TestServer(ServerUser user)
    {
        User = user;
        Home = Host.NewDirectory(Host.IdOf(user));
        Environment["SANDBOX_HOME"] = Home;
        Environment["SANDBOX_IDLE_EXIT_SECONDS"] = "120";
        // Tests count directories and processes; those of spares are to be asked for.
        Environment["SANDBOX_SPARES"] = "0";
        Client = CreateClient(Path.Combine(Home, "run", "server.sock"));
    }

    internal ServerUser User { get; }

    internal string Home { get; }

    internal string Programs { get; set; } = Host.Programs;

    internal Dictionary<string, string?> Environment { get; } = [];

    internal HttpClient Client { get; }

    /// <summary>The command line that starts the server within other surroundings.</summary>
    internal IReadOnlyList<string> Through { get; set; } = [];

    /// <summary>What the server has logged, where <c>sandboxd start</c> began it.</summary>
    private string Log => File.Exists(Path.Combine(Home, "state", "server.log")) ? File.ReadAllText(Path.Combine(Home, "state", "server.log")) : "";

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
    internal async Task<ReadyLine> StartAsync()
    {
        Finished run = await RunAsync("start");
        Assert.True(run.ExitCode == 0, run.Error);
        Assert.Equal(1, run.Output.AsSpan().Count('\n'));
        return JsonSerializer.Deserialize(run.Output, ProtocolJson.Default.ReadyLine)!;
    }

    /// <summary>Starts a server that leaves after two seconds without a call, and calls it. On a busy machine it may have left before; then it is started again.</summary>
    /// <param name="call">The call; null when it found no server.</param>
    internal async Task<(ReadyLine Ready, T Answer)> StartImpatientAsync<T>(Func<Task<T?>> call)
        where T : class
    {
        string? patience = Environment["SANDBOX_IDLE_EXIT_SECONDS"];
        Environment["SANDBOX_IDLE_EXIT_SECONDS"] = "2";
        try
        {
            ReadyLine? ready = null;
            T? answer = null;
            await Host.UntilAsync("a call is in time", async () =>
            {
                ready = await StartAsync();
                try
                {
                    answer = await call();
                }
                catch (Exception failure) when (failure is HttpRequestException or IOException)
                {
                    // It has left, or was leaving.
                }

                return answer is not null;
            });
            return (ready!, answer!);
        }
        finally
        {
            Environment["SANDBOX_IDLE_EXIT_SECONDS"] = patience;
        }
    }

    internal Task<Finished> RunAsync(params IEnumerable<string> arguments) =>
        CommandLine.RunAsync(Through, Programs, Host.IdOf(User), Environment, arguments);

    /// <summary>Kills the server, and waits until it is gone.</summary>
    internal async Task KillAsync()
    {
        ProcessEntry server = ProcessTable.Find((await AboutAsync()).ProcessId)!.Value;
        ProcessTable.Send(server, Signal.KILL);
        await UntilGoneAsync(server.Id);
    }

    internal static Task UntilGoneAsync(int process) =>
        Host.UntilAsync($"process {process} is gone", () => Task.FromResult(ProcessTable.Find(process) is not { IsAlive: true }));

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
        string body = JsonSerializer.Serialize(new ExecRequest { Command = command }, ProtocolJson.Default.ExecRequest);
        using HttpResponseMessage answer = await PostAsync($"v1/sandbox/{id}/exec", body);
        return await EventStream.ReadAsync(answer);
    }

    /// <summary>Runs a command in a sandbox whose agent has just died. Connections to the dead one may still break for some milliseconds, and then say so.</summary>
    internal async Task<Finished> ExecOnceBackAsync(string id, string command)
    {
        Finished? run = null;
        string body = JsonSerializer.Serialize(new ExecRequest { Command = command }, ProtocolJson.Default.ExecRequest);
        await Host.UntilAsync("the sandbox answers again", async () =>
        {
            using HttpResponseMessage answer = await PostAsync($"v1/sandbox/{id}/exec", body);
            run = answer.StatusCode == System.Net.HttpStatusCode.BadGateway ? null : await EventStream.ReadAsync(answer);
            return run is not null;
        });
        return run!;
    }

    /// <summary>What the server has on disk of a sandbox.</summary>
    internal BoxRecord RecordOf(string id) => Records().Single(record => record.Id == id);

    internal IEnumerable<BoxRecord> Records() => Directory.GetDirectories(Path.Combine(Home, "state", "boxes"))
        .Select(directory => Path.Combine(directory, "box.json"))
        .Select(file => AtomicFile.TryRead(file, RegistryJson.Default.BoxRecord))
        .OfType<BoxRecord>();

    internal string BoxDirectory(string id) => Path.Combine(Home, "state", "boxes", $"{RecordOf(id).Number}");

    internal static HttpClient CreateClient(string socket) => new(new SocketsHttpHandler
    {
        ConnectCallback = async (_, cancellationToken) => await AgentContact.ConnectAsync(socket, cancellationToken),
        UseProxy = false,
        AllowAutoRedirect = false,
    })
    {
        BaseAddress = new Uri("http://server/"),
        Timeout = Host.Patience,
    };

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (Directory.Exists(Path.Combine(Home, "state")))
        {
            // A test may have ended the server; sandboxes end through one.
            await StartAsync();
            string list = await Client.GetStringAsync("v1/sandbox");
            foreach (SandboxInfo sandbox in JsonSerializer.Deserialize(list, ProtocolJson.Default.SandboxList)!.Sandboxes)
            {
                using HttpResponseMessage removed = await Client.DeleteAsync($"v1/sandbox/{sandbox.Id}");
            }

            int process = (await AboutAsync()).ProcessId;
            using HttpResponseMessage left = await PostAsync("v1/server/leave");
            await UntilGoneAsync(process);
        }

        Client.Dispose();
        FileTree.Remove(Home);
    }
}
