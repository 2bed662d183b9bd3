using System.Diagnostics;
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

    private BenchmarkServer(string home, ReadyMessage ready)
    {
        this.home = home;
        ProcessId = ready.ProcessId;
        Endpoint = ServerEndpoint.Parse(ready.Uri);
        Client = new SandboxClient(Endpoint);
    }

    /// <summary>The folder of the built module.</summary>
    public static string ModuleFolder { get; } = Metadata("ModuleOutput");

    public ServerEndpoint Endpoint { get; }

    public SandboxClient Client { get; }

    public int ProcessId { get; }

    /// <summary>What is measured, in a few words.</summary>
    public string Description { get; private set; } = "";

    /// <summary>Starts it.</summary>
    /// <param name="cancellationToken">Gives up.</param>
    /// <param name="poolSize">The number of pre-started sandboxes: none where starting them would disturb the measurement.</param>
    public static async Task<BenchmarkServer> StartAsync(CancellationToken cancellationToken, int poolSize = 0)
    {
        string home = CreateHome();
        BenchmarkServer server = new(home, await StartProgramAsync(home, poolSize, cancellationToken));
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

    /// <summary>Waits until a sandbox is pooled.</summary>
    public async Task WaitForPooledAsync(CancellationToken cancellationToken)
    {
        while (!Directory.EnumerateDirectories(Path.Combine(home, "state", "boxes")).Any(directory => Read(directory, "phase") == "Pooled"))
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

    /// <summary>Creates a new directory. Its path is short, since the paths of sockets in it end at 108 bytes, and open to sandboxes' users, who must reach their programs.</summary>
    private static string CreateHome()
    {
        string home = Directory.CreateTempSubdirectory("sbm").FullName;
        File.SetUnixFileMode(home, (UnixFileMode)0x1c9 /* 0711 */);
        return home;
    }

    /// <summary>Runs <c>sandboxd start</c> with settings that are not this process's own.</summary>
    private static async Task<ReadyMessage> StartProgramAsync(string home, int poolSize, CancellationToken cancellationToken)
    {
        string native = Path.Combine(Metadata("ServerPrograms"), "sandboxd");
        ProcessStartInfo start = File.Exists(native) ? new(native, ["start"]) : new("dotnet", [native + ".dll", "start"]);
        start.RedirectStandardOutput = true;
        start.WorkingDirectory = "/";
        start.Environment["SANDBOX_HOME"] = home;
        start.Environment["SANDBOX_POOL_SIZE"] = $"{poolSize}";
        using Process process = Process.Start(start)!;
        string? line = await process.StandardOutput.ReadLineAsync(cancellationToken);
        return line is null
            ? throw new InvalidOperationException("The server did not start; its error message stands above.")
            : JsonSerializer.Deserialize(line, ProtocolJson.Default.ReadyMessage)!;
    }

    private static string Metadata(string key) =>
        Assembly.GetExecutingAssembly().GetCustomAttributes<AssemblyMetadataAttribute>().Single(item => item.Key == key).Value!;

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
