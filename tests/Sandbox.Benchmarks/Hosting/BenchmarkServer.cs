using System.Reflection;
using System.Text.Json;
using Sandbox.Client;
using Sandbox.Linux;
using Sandbox.Protocol;

namespace Sandbox.Benchmarks.Hosting;

/// <summary>The built server in a home of its own. Disposing it ends server and sandboxes, and removes the home.</summary>
internal sealed class BenchmarkServer : IAsyncDisposable
{
    private readonly string home;

    private BenchmarkServer(string home, ReadyLine ready)
    {
        this.home = home;
        ProcessId = ready.ProcessId;
        Endpoint = ServerEndpoint.Parse(ready.Uri);
        Client = new SandboxClient(Endpoint);
    }

    /// <summary>The folder of the built module.</summary>
    public static string ModuleFolder { get; } =
        Assembly.GetExecutingAssembly().GetCustomAttributes<AssemblyMetadataAttribute>().Single(item => item.Key == "ModuleOutput").Value!;

    public ServerEndpoint Endpoint { get; }

    public SandboxClient Client { get; }

    public int ProcessId { get; }

    /// <summary>What is measured, in a few words.</summary>
    public string Description { get; private set; } = "";

    /// <summary>Starts it.</summary>
    /// <param name="cancellationToken">Gives up.</param>
    /// <param name="spares">How many sandboxes it starts ahead: none, where what is measured would be disturbed by their starting.</param>
    public static async Task<BenchmarkServer> StartAsync(CancellationToken cancellationToken, int spares = 0)
    {
        // Short, since socket paths are; open to sandboxes' users, who must reach their programs.
        string home = Path.Combine(Path.GetTempPath(), $"sbm{Random.Shared.Next(0x1000000):x}");
        Directory.CreateDirectory(home, (UnixFileMode)0x1c9 /* 0711 */);
        Environment.SetEnvironmentVariable("SANDBOX_HOME", home);
        Environment.SetEnvironmentVariable("SANDBOX_SPARES", $"{spares}");
        BenchmarkServer server = new(home, await LocalServer.StartAsync(ClientSettings.FromEnvironment(), ModuleFolder, cancellationToken));
        ServerInfo about = await server.Client.GetServerAsync(cancellationToken);
        bool isNative = new FileInfo($"/proc/{server.ProcessId}/exe").LinkTarget?.EndsWith("sandboxd", StringComparison.Ordinal) == true;
        server.Description = $"{about.Version}, {(isNative ? "native" : "framework-dependent: slow to start")}";
        return server;
    }

    /// <summary>Makes a sandbox that is used for a while.</summary>
    public async Task<BenchmarkSandbox> CreateSandboxAsync(CancellationToken cancellationToken, string? network = SandboxNetworks.None)
    {
        SandboxInfo info = await Client.CreateSandboxAsync(new() { Network = network }, cancellationToken);
        return new BenchmarkSandbox(this, info.Id, FindDirectory(info.Id));
    }

    /// <summary>Waits until a sandbox is there that was started ahead.</summary>
    public async Task WaitForSpareAsync(CancellationToken cancellationToken)
    {
        while (!Directory.EnumerateDirectories(Path.Combine(home, "state", "boxes")).Any(directory => Read(directory, "phase") == "Spare"))
        {
            await Task.Delay(5, cancellationToken);
        }
    }

    /// <summary>Where an agent listens.</summary>
    public string AgentSocket(string directory) => Path.Combine(home, "run", "boxes", Path.GetFileName(directory), "agent.sock");

    public async ValueTask DisposeAsync()
    {
        foreach (SandboxInfo sandbox in await Client.GetSandboxesAsync(CancellationToken.None))
        {
            await Client.RemoveSandboxAsync(sandbox.Id, CancellationToken.None);
        }

        await Client.StopServerAsync(CancellationToken.None);
        FileTree.Remove(home);
    }

    private string FindDirectory(string id) => Directory.EnumerateDirectories(Path.Combine(home, "state", "boxes")).First(directory => Read(directory, "id") == id);

    private static string? Read(string directory, string property)
    {
        try
        {
            using JsonDocument record = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(directory, "box.json")));
            return record.RootElement.GetProperty(property).GetString();
        }
        catch (IOException)
        {
            // It is being made or removed.
            return null;
        }
    }
}
