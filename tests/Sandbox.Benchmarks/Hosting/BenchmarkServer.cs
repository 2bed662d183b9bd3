using System.Diagnostics;
using System.Reflection;
using System.Text.Json;
using Sandbox.Client;
using Sandbox.Linux;
using Sandbox.Protocol;

namespace Sandbox.Benchmarks.Hosting;

/// <summary>Built server with a home of its own. Disposing it ends the server and its sandboxes and removes the home.</summary>
internal sealed class BenchmarkServer : IAsyncDisposable
{
    private readonly string _home;

    private BenchmarkServer(string home, ReadyMessage ready)
    {
        _home = home;
        ProcessId = ready.ProcessId;
        Endpoint = ServerEndpoint.Parse(ready.Uri);
        Client = new SandboxClient(Endpoint);
    }

    /// <summary>Gets the directory of the built module.</summary>
    public static string ModuleFolder { get; } = Metadata("ModuleOutput");

    public ServerEndpoint Endpoint { get; }

    public SandboxClient Client { get; }

    public int ProcessId { get; }

    /// <summary>Gets a short description of the measured server.</summary>
    public string Description { get; private set; } = "";

    /// <param name="poolSize">The number of pre-started sandboxes: 0 where starting them would disturb the measurement.</param>
    public static async Task<BenchmarkServer> StartAsync(CancellationToken cancellationToken, int poolSize = 0)
    {
        string home = CreateHome();
        BenchmarkServer server = new(home, await StartProgramAsync(home, poolSize, cancellationToken));
        ServerInfo about = await server.Client.GetServerAsync(cancellationToken);
        bool isNative = new FileInfo($"/proc/{server.ProcessId}/exe").LinkTarget?.EndsWith("sandboxd", StringComparison.Ordinal) == true;
        server.Description = $"{about.Version}, {(isNative ? "native" : "framework-dependent: slow to start")}";
        return server;
    }

    /// <summary>Creates a sandbox.</summary>
    public async Task<BenchmarkSandbox> CreateSandboxAsync(CancellationToken cancellationToken, string? network = SandboxNetworks.None)
    {
        SandboxInfo info = await Client.CreateSandboxAsync(new() { Network = network }, cancellationToken);
        return new BenchmarkSandbox(this, info.Id, FindDirectory(info.Id));
    }

    /// <summary>Waits until a sandbox is pooled.</summary>
    public async Task WaitForPooledAsync(CancellationToken cancellationToken)
    {
        while (!Directory.EnumerateDirectories(Path.Combine(_home, "state", "boxes")).Any(directory => Read(directory, "phase") == "Pooled"))
        {
            await Task.Delay(5, cancellationToken);
        }
    }

    /// <summary>Returns the path of the socket of an agent.</summary>
    public string AgentSocket(string directory) => Path.Combine(_home, "run", "boxes", Path.GetFileName(directory), "agent.sock");

    public async ValueTask DisposeAsync()
    {
        foreach (SandboxInfo sandbox in await Client.GetSandboxesAsync(CancellationToken.None))
        {
            await Client.Sandbox(sandbox.Id).RemoveAsync(CancellationToken.None);
        }

        await Client.StopServerAsync(CancellationToken.None);
        FileTree.Remove(_home);
    }

    /// <summary>Creates a directory with a short path (socket paths are at most 108 bytes) that the users of sandboxes can traverse.</summary>
    private static string CreateHome()
    {
        string home = Directory.CreateTempSubdirectory("sbm").FullName;
        File.SetUnixFileMode(home, (UnixFileMode)0x1c9 /* 0711 */);
        return home;
    }

    /// <summary>Runs <c>sandboxd start</c> with the given settings in its environment.</summary>
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

    private string FindDirectory(string id) =>
        Directory.EnumerateDirectories(Path.Combine(_home, "state", "boxes")).First(directory => Read(directory, "id") == id);

    private static string? Read(string directory, string property)
    {
        try
        {
            using JsonDocument record = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(directory, "box.json")));
            return record.RootElement.GetProperty(property).GetString();
        }
        catch (IOException)
        {
            // It is being created or removed.
            return null;
        }
    }
}
