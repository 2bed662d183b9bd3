using System.Net.Sockets;
using System.Text.Json;
using Sandbox.Linux;
using Sandbox.Protocol;
using Sandbox.Server.Engines;
using Sandbox.Server.Registry;

namespace Sandbox.Server.Tests;

/// <summary>One launched sandbox, without a server.</summary>
internal sealed class Launch : IAsyncDisposable
{
    private readonly ProcessCollector collector = new();
    private readonly string top;
    private BoxProcess? process;
    private HttpClient? client;

    private Launch(string top) => this.top = top;

    /// <summary>A directory that only the server's user may look into.</summary>
    public string Secret => $"{top}/secret";

    public static async Task<Launch> StartAsync(ServerUser user, Defences defences)
    {
        Host.Require(user);
        Launch launch = new(Host.NewDirectory(Host.IdOf(user)));
        BoxDirectories directories = new($"{launch.top}/box");
        uint runsAs = user == ServerUser.Ordinary ? Host.IdOf(user) : (defences & Defences.OwnUser) != 0 ? Host.OrdinaryUser + 1 : 0;
        BoxFiles.Make(directories, runsAs);
        Directory.CreateDirectory(launch.Secret, (UnixFileMode)0x1c0);
        if (Host.IsRoot)
        {
            FileOwner.Give(launch.Secret, Host.IdOf(user));
        }

        LaunchPlan plan = new()
        {
            Directories = directories,
            UserId = runsAs == CurrentProcess.EffectiveUserId ? null : runsAs,
            Agent = Agent(launch.top),
            Defences = defences,
        };
        string socket = $"{launch.top}/agent.sock";
        using Socket listener = AgentContact.Listen(socket);
        launch.process = await BubblewrapLauncher.StartAsync(plan, listener.SafeHandle, socket, launch.collector);
        listener.Dispose();
        await AgentContact.GreetAsync(socket, new AgentConfiguration(), CancellationToken.None);
        launch.client = TestServer.CreateClient(socket);
        return launch;
    }

    public async Task<Finished> ExecAsync(string command)
    {
        string body = JsonSerializer.Serialize(new ExecRequest { Command = command }, ProtocolJson.Default.ExecRequest);
        using HttpResponseMessage answer = await client!.PostAsync("v1/sandbox/x/exec", new StringContent(body));
        return await EventStream.ReadAsync(answer);
    }

    public async ValueTask DisposeAsync()
    {
        client?.Dispose();
        if (process is not null)
        {
            await BoxProcesses.EndAsync(process);
            await BoxProcesses.EndStraysAsync($"{top}/box/workspace");
        }

        FileTree.Remove(top);
    }

    /// <summary>The agent with its small /etc, laid out as the server installs it.</summary>
    private static AgentProgram Agent(string top)
    {
        AgentProgram agent = new($"{top}/agent", IsNative: !File.Exists($"{Host.Programs}/sandbox-agent.dll"));
        foreach (string directory in (string[])[agent.Directory, agent.Bin, agent.Etc])
        {
            Directory.CreateDirectory(directory);
        }

        foreach (string file in Directory.GetFiles(Host.Programs))
        {
            File.Copy(file, Path.Combine(agent.Bin, Path.GetFileName(file)));
        }

        foreach ((string name, string content) in EtcFiles.All)
        {
            File.WriteAllText(Path.Combine(agent.Etc, name), content);
        }

        return agent;
    }
}
