using System.Net.ServerSentEvents;
using System.Net.Sockets;
using System.Reflection;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Sandbox.Linux;
using Sandbox.Protocol;

namespace Sandbox.Agent.Tests;

/// <summary>Real agent on this host with real bash and real HTTP, but without a sandbox: isolation has its own tests.</summary>
public sealed class AgentFixture : IAsyncLifetime
{
    private readonly string _root = Directory.CreateTempSubdirectory("sba").FullName;
    private readonly List<string> _defects = [];
    private readonly HashSet<int> _orphaned = [];
    private AgentComposition? _services;
    private AgentServer? _server;

    /// <summary>Gets the command line of the shell launcher of the built agent. This process is the test runner and cannot be it.</summary>
    internal static IReadOnlyList<string> LauncherCommandLine { get; } = FindLauncher();

    /// <summary>Gets the services of the agent, for tests of races that no request can time.</summary>
    internal AgentComposition Services => _services!;

    internal IReadOnlyList<string> Launcher { get; init; } = LauncherCommandLine;

    /// <summary>Gets the directories of Jupyter kernels. Default: none.</summary>
    public IReadOnlyList<string> Kernels { get; init; } = [];

    public string Workspace => Path.Combine(_root, "w");

    public string State => Path.Combine(_root, "s");

    public HttpClient Http { get; private set; } = null!;

    /// <summary>Gets the path of the Unix socket of the agent.</summary>
    public string Socket { get; private set; } = null!;

    private IEnumerable<Sessions.Session> Running => _services!.Commands.All().Select(command => command.Runner).OfType<Sessions.Session>();

    /// <summary>Gets the unexpected exceptions in background tasks of the agent. They fail the test.</summary>
    public IReadOnlyList<string> Defects => _defects;

    /// <summary>Starts an agent for one test, which must dispose it.</summary>
    public static async Task<AgentFixture> NewAsync()
    {
        AgentFixture own = new();
        await own.InitializeAsync();
        return own;
    }

    public async ValueTask InitializeAsync()
    {
        Directory.CreateDirectory(Workspace);
        await StartAsync();
    }

    public async Task StartAsync()
    {
        string runtime = Directory.CreateDirectory(Path.Combine(_root, "r" + Guid.NewGuid().ToString("N")[..6])).FullName;
        AgentPaths paths = new()
        {
            Workspace = Workspace,
            State = Directory.CreateDirectory(State).FullName,
            Runtime = runtime,
            ShellLauncher = Launcher,
            Kernels = Kernels,
        };
        _services = new AgentComposition(paths, failure => { lock (_defects) { _defects.Add(failure.ToString()); } });
        string socket = Socket = Path.Combine(runtime, "a");
        _server = await AgentServer.StartAsync(_services, options => options.ListenUnixSocket(socket));
        Http = new HttpClient(new SocketsHttpHandler
        {
            ConnectCallback = async (_, cancellation) =>
            {
                System.Net.Sockets.Socket client = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                await client.ConnectAsync(new UnixDomainSocketEndPoint(socket), cancellation);
                return new NetworkStream(client, ownsSocket: true);
            },
        })
        {
            BaseAddress = new Uri("http://agent/v1/sandbox/test/"),
            Timeout = Wait.Limit,
        };
    }

    /// <summary>Stops the agent and its shells.</summary>
    public async Task StopAsync()
    {
        Http.Dispose();
        Sessions.Session.KillAll(Running, Commands.StopReason.Cancelled);
        foreach (Sessions.Session session in _services!.Sessions.All())
        {
            await session.CloseAsync();
        }

        await _server!.DisposeAsync();
        _services.Dispose();
    }

    /// <summary>Stops the server but leaves all shells and files as they are, as a crash would.</summary>
    public async Task CrashAsync()
    {
        Http.Dispose();
        _orphaned.UnionWith(_services!.Sessions.All().Concat(Running).Select(session => session.ShellId).OfType<int>());
        await _server!.DisposeAsync();
        _services!.Dispose();
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        Shells.Shell.KillOrphans(_orphaned);
        await KillRemainingProcessesAsync();
        // Tests create directories without permissions for their owner: Directory.Delete fails on them unless run by root.
        FileTree.Remove(_root);
        Assert.True(_defects.Count == 0, string.Join('\n', _defects));
    }

    /// <summary>Creates a new directory in the workspace.</summary>
    public string NewDirectory() => Directory.CreateDirectory($"{Workspace}/{Guid.NewGuid():n}").FullName;

    /// <summary>Creates a gate that commands wait for until the test opens it.</summary>
    public Gate NewGate() => new(Path.Combine(_root, "gate-" + Guid.NewGuid().ToString("n")));

    /// <summary>Creates a session. Its default directory is a new one.</summary>
    public async Task<string> NewSessionAsync(object? request = null)
    {
        using HttpResponseMessage answer = await PostAsync("session", request ?? new { cwd = NewDirectory() });
        await EnsureSuccessAsync(answer);
        return JsonSerializer.Deserialize(await answer.Content.ReadAsStringAsync(), ProtocolJson.Default.SessionInfo)!.Id;
    }

    public async Task<SessionInfo> GetSessionAsync(string id) =>
        JsonSerializer.Deserialize(await Http.GetStringAsync("session/" + id), ProtocolJson.Default.SessionInfo)!;

    public Task<HttpResponseMessage> PostAsync(string path, object body, string? session = null, string? process = null) =>
        SendAsync(HttpMethod.Post, path, body, session, process);

    public Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, object? body, string? session = null, string? process = null)
    {
        HttpRequestMessage request = new(method, path);
        if (body is not null)
        {
            request.Content = new StringContent(body as string ?? JsonSerializer.Serialize(body), Encoding.UTF8, "application/json");
        }

        if (session is not null)
        {
            request.Headers.Add(ApiHeaders.SessionId, session);
        }

        if (process is not null)
        {
            request.Headers.Add(ApiHeaders.ProcessId, process);
        }

        return Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
    }

    /// <summary>Runs a command and waits for its exit.</summary>
    public async Task<CommandResult> RunAsync(string? session, object body, string? process = null)
    {
        using HttpResponseMessage answer = await PostAsync("exec", body, session, process);
        await EnsureSuccessAsync(answer);
        return await ReadAsync(answer);
    }

    public Task<CommandResult> RunAsync(string? session, string command) => RunAsync(session, new { command });

    /// <summary>Reads an event stream to its end.</summary>
    public static async Task<CommandResult> ReadAsync(HttpResponseMessage answer)
    {
        MemoryStream output = new(), error = new();
        OutputCursor gap = default;
        using CancellationTokenSource limit = new(Wait.Limit);
        await foreach (SseItem<string> item in SseParser.Create(await answer.Content.ReadAsStreamAsync()).EnumerateAsync(limit.Token))
        {
            // The limit applies to the wait for each event, not to the whole stream.
            limit.CancelAfter(Wait.Limit);
            switch (item.EventType)
            {
                case ExecEvents.StandardOutput:
                    output.Write(Convert.FromBase64String(item.Data));
                    break;
                case ExecEvents.StandardError:
                    error.Write(Convert.FromBase64String(item.Data));
                    break;
                case ExecEvents.Position:
                    Assert.True(OutputCursor.TryParse(item.Data, out gap));
                    break;
                case ExecEvents.Pause:
                    return new CommandResult(output.ToArray(), error.ToArray(), null, null) { Gap = gap };
                case ExecEvents.Exit:
                    return new CommandResult(
                        output.ToArray(), error.ToArray(), JsonSerializer.Deserialize(item.Data, ProtocolJson.Default.ExecExit), null) { Gap = gap };
                case ExecEvents.Error:
                    return new CommandResult(output.ToArray(), error.ToArray(), null, JsonSerializer.Deserialize(item.Data, ProtocolJson.Default.ErrorBody));
            }
        }

        throw new InvalidOperationException("The stream ended without a last event.");
    }

    /// <summary>Reads the error code of a failed response.</summary>
    public static async Task<string> ReadErrorCodeAsync(HttpResponseMessage answer) => (await ReadErrorAsync(answer)).Code;

    public static async Task<ErrorBody> ReadErrorAsync(HttpResponseMessage answer) =>
        JsonSerializer.Deserialize(await answer.Content.ReadAsStringAsync(), ProtocolJson.Default.ErrorBody)!;

    /// <summary>Sets the retention limits of command output.</summary>
    public async Task SetRetentionAsync(object retention)
    {
        using HttpResponseMessage answer = await SendAsync(HttpMethod.Put, "/agent/configuration", new { retention });
        await EnsureSuccessAsync(answer);
    }

    /// <summary>Gets the size of all stored output in bytes.</summary>
    public long StoredBytes => new DirectoryInfo(Path.Combine(State, "output")).EnumerateFiles().Sum(file => file.Length);

    public async Task<ProcessInfo> StartProcessAsync(object body, string? id = null, string? session = null)
    {
        using HttpResponseMessage answer = await PostAsync("process", body, session, id);
        await EnsureSuccessAsync(answer);
        return JsonSerializer.Deserialize(await answer.Content.ReadAsStringAsync(), ProtocolJson.Default.ProcessInfo)!;
    }

    /// <summary>Gets the current state of a command or process.</summary>
    public async Task<ProcessInfo> GetProcessAsync(string id) =>
        JsonSerializer.Deserialize(await Http.GetStringAsync("process/" + id), ProtocolJson.Default.ProcessInfo)!;

    /// <summary>Waits until the agent, which has run nothing yet, has started a shell in advance.</summary>
    internal async Task<ProcessEntry> WaitForReadyShellAsync()
    {
        ProcessEntry? ready = null;
        await Wait.UntilAsync(
            () =>
            {
                ready = ProcessTable.All().Cast<ProcessEntry?>().FirstOrDefault(process => IsShellOfThis(process!.Value.Id));
                return ready is not null;
            },
            "the agent has a shell ready");
        return ready!.Value;
    }

    private bool IsShellOfThis(int process) =>
        ProcessTable.CommandLineOf(process) is { } line
        && Shells.ShellLauncher.IsShell(line)
        && new FileInfo($"/proc/{process}/fd/0").LinkTarget?.StartsWith(_root + '/', StringComparison.Ordinal) == true;

    public async Task<ProcessInfo> WaitForExitAsync(string id)
    {
        WaitAnswer answer = JsonSerializer.Deserialize(await Http.GetStringAsync($"process/{id}/wait"), ProtocolJson.Default.WaitAnswer)!;
        Assert.Equal(WaitOutcomes.Exited, answer.Outcome);
        return answer.Process;
    }

    /// <summary>Reads the output of a command or process from a cursor, to its exit or, without follow, to what is available.</summary>
    public async Task<CommandResult> ReadOutputAsync(string id, string from = "0", bool follow = true)
    {
        using HttpResponseMessage answer = await Http.GetAsync(
            $"process/{id}/output?from={from}&follow={(follow ? "true" : "false")}", HttpCompletionOption.ResponseHeadersRead);
        await EnsureSuccessAsync(answer);
        return await ReadAsync(answer);
    }

    public static async Task EnsureSuccessAsync(HttpResponseMessage answer)
    {
        if (!answer.IsSuccessStatusCode)
        {
            throw new InvalidOperationException($"{(int)answer.StatusCode}: {await answer.Content.ReadAsStringAsync()}");
        }
    }

    // In a sandbox the namespace ends them: background processes of sessionless commands, and what a failed test left running.
    private async Task KillRemainingProcessesAsync()
    {
        await Wait.UntilAsync(
            () =>
            {
                List<ProcessEntry> left = [.. ProcessTable.All()
                    .Where(process => process.IsAlive && process.Id != Environment.ProcessId && BelongsToFixture(process.Id))];
                left.ForEach(process => ProcessTable.Send(process, Signal.KILL));
                return left.Count == 0;
            },
            "everything that ran in the workspace has ended");
    }

    /// <summary>Returns whether a process runs in the directory of this fixture or was started there.</summary>
    private bool BelongsToFixture(int id)
    {
        try
        {
            return new FileInfo($"/proc/{id}/cwd").LinkTarget?.StartsWith(_root + "/", StringComparison.Ordinal) == true
                || File.ReadAllText($"/proc/{id}/environ").Contains(_root + "/", StringComparison.Ordinal);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private static string[] FindLauncher()
    {
        string programs = Assembly.GetExecutingAssembly().GetCustomAttributes<AssemblyMetadataAttribute>().Single(item => item.Key == "ServerPrograms").Value!;
        string native = Path.Combine(programs, "sandbox-agent");
        string managed = Path.Combine(programs, "sandbox-agent.dll");
        return File.Exists(managed) ? [] : [native, Shells.ShellLauncher.Verb];
    }
}

/// <summary>Output and result of a command.</summary>
public sealed record CommandResult(byte[] OutputBytes, byte[] ErrorBytes, ExecExit? Exit, ErrorBody? Error)
{
    /// <summary>Gets the cursor at which the output begins when earlier output was dropped.</summary>
    public OutputCursor Gap { get; init; }

    public string Output => Encoding.UTF8.GetString(OutputBytes);

    public string ErrorText => Encoding.UTF8.GetString(ErrorBytes);

    public int ExitCode => (Exit ?? throw new InvalidOperationException(Error?.Error)).ExitCode;
}
