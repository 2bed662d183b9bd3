using System.Net.Sockets;
using System.Text.Json;
using Sandbox.Linux;
using Sandbox.Protocol;
using Sandbox.Server.Engines.Bubblewrap;
using Sandbox.Server.Infrastructure;
using Sandbox.Server.Sandboxes;

namespace Sandbox.Server.Tests;

/// <summary>One sandbox launched without a server.</summary>
internal sealed class LaunchedSandbox : IAsyncDisposable
{
    private readonly string _top;
    private BubblewrapProcess? _process;
    private HttpClient? _client;

    private LaunchedSandbox(string top) => _top = top;

    /// <summary>Gets a directory that only the user of the server can access.</summary>
    public string Secret => $"{_top}/secret";

    /// <summary>Gets the log of the agent.</summary>
    public string Log => $"{_top}/box/agent.log";

    public BubblewrapProcess Process => _process!;

    /// <param name="user">The user of the server that would launch it.</param>
    /// <param name="features">The isolation features to apply.</param>
    /// <param name="environment">The environment of that server; null for that of the test run.</param>
    /// <param name="network">The network, see <see cref="SandboxNetworks"/>.</param>
    public static async Task<LaunchedSandbox> StartAsync(
        ServerUser user, IsolationFeatures features, IReadOnlyDictionary<string, string>? environment = null, string network = SandboxNetworks.None)
    {
        TestMachine.Require(user);
        LaunchedSandbox launch = new(TestMachine.NewDirectory(TestMachine.IdOf(user)));
        try
        {
            await launch.StartAgentAsync(user, features, environment, network);
            return launch;
        }
        catch
        {
            await launch.DisposeAsync();
            throw;
        }
    }

    private async Task StartAgentAsync(ServerUser user, IsolationFeatures features, IReadOnlyDictionary<string, string>? environment, string network)
    {
        SandboxDirectories directories = new(1, $"{_top}/box", _top);
        uint runsAs = user == ServerUser.Ordinary ? TestMachine.IdOf(user) : (features & IsolationFeatures.OwnUser) != 0 ? TestMachine.SandboxUser : 0;
        BubblewrapEngine.CreateFiles(directories, runsAs);
        Directory.CreateDirectory(Secret, (UnixFileMode)0x1c0);
        if (TestMachine.IsRoot)
        {
            FileSystem.SetOwner(Secret, TestMachine.IdOf(user));
        }

        string resolver = $"{_top}/resolver";
        Directory.CreateDirectory(resolver);
        File.Copy("/etc/resolv.conf", $"{resolver}/resolv.conf");
        LaunchPlan plan = new()
        {
            Directories = directories,
            UserId = runsAs == CurrentProcess.EffectiveUserId ? null : runsAs,
            Agent = Agent(_top),
            Features = features,
            Network = network,
            Rules = NftablesRuleset.ForHost(),
            Resolver = resolver,
            ServerEnvironment = environment,
        };
        string socket = $"{_top}/agent.sock";
        using Socket listener = UnixSocket.Listen(socket);
        using LaunchOutput output = new();
        _process = await BubblewrapLauncher.StartAsync(plan, listener.SafeHandle, socket, output);
        listener.Dispose();
        await AgentConnection.HandshakeAsync(
            async cancellationToken => await UnixSocket.ConnectAsync(socket, cancellationToken), new AgentConfiguration(), CancellationToken.None);
        _client = TestServer.CreateClient(socket);
    }

    public async Task<ProcessResult> ExecAsync(string command)
    {
        string body = JsonSerializer.Serialize(new ExecRequest { Command = command }, ProtocolJson.Default.ExecRequest);
        using HttpResponseMessage answer = await _client!.PostAsync("v1/sandbox/x/exec", new StringContent(body));
        return await EventStream.ReadAsync(answer);
    }

    public async ValueTask DisposeAsync()
    {
        _client?.Dispose();
        if (_process is not null)
        {
            await ProcessReaper.KillAsync(_process);
            await ProcessReaper.KillStraysAsync($"{_top}/box/workspace");
            await TestServer.WaitUntilExitedAsync(_process.MonitorId, _process.MonitorStart);
        }

        FileTree.Remove(_top);
    }

    /// <summary>Copies the agent with its minimal /etc, as the server installs it.</summary>
    private static AgentProgram Agent(string top)
    {
        AgentProgram agent = new($"{top}/agent", IsNative: !File.Exists($"{TestMachine.Programs}/sandbox-agent.dll"));
        foreach (string directory in (string[])[agent.Directory, agent.Bin, agent.Etc])
        {
            Directory.CreateDirectory(directory);
        }

        TestMachine.CopyPrograms(TestMachine.Programs, agent.Bin, asLinks: true);
        foreach ((string name, string content) in EtcFiles.All)
        {
            File.WriteAllText(Path.Combine(agent.Etc, name), content);
        }

        return agent;
    }
}
