using System.Text.Json;
using Sandbox.Client;
using Sandbox.Linux;

namespace Sandbox.Benchmarks.Hosting;

/// <summary>Sandbox with its processes and files as seen from the host.</summary>
/// <param name="directory">The directory of the sandbox on the server.</param>
internal sealed class BenchmarkSandbox(BenchmarkServer server, string id, string directory) : IAsyncDisposable
{
    private const string AgentName = "sandbox-agent";

    public string Id => id;

    /// <summary>Gets the workspace as a directory of the host.</summary>
    public string Directory => directory;

    /// <summary>Gets the socket of the agent, which bypasses the server. It belongs to the sandbox's user, as the workspace does.</summary>
    public ServerEndpoint Agent { get; } = ServerEndpoint.Parse($"unix:{server.AgentSocket(directory)}")
        .OwnedBy(FileStatus.Of(Path.Combine(directory, "workspace")).Owner);

    /// <summary>Gets the processes in the sandbox and their helpers outside.</summary>
    public IReadOnlyList<ProcessEntry> Processes()
    {
        using JsonDocument record = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(directory, "box.json")));
        JsonElement process = record.RootElement.GetProperty("engineState").GetProperty("process");
        int monitor = process.GetProperty("monitorId").GetInt32();
        int[] outside = process.TryGetProperty("link", out JsonElement link) && link.ValueKind == JsonValueKind.Object
            ? [monitor, link.GetProperty("id").GetInt32()] : [monitor];
        return [.. outside.Select(ProcessTable.Find).OfType<ProcessEntry>(), .. ProcessTable.DescendantsOf([monitor], new HashSet<(int, ulong)>())];
    }

    /// <summary>Gets the agent process.</summary>
    public int AgentProcess() => Processes().First(process => NameOf(process.Id) == AgentName).Id;

    /// <summary>Returns the name of the program of a process; empty when it has exited.</summary>
    public static string NameOf(int process)
    {
        try
        {
            return File.ReadAllText($"/proc/{process}/comm").TrimEnd();
        }
        catch (IOException)
        {
            return "";
        }
    }

    public async ValueTask DisposeAsync() => await server.Client.Sandbox(id).RemoveAsync(CancellationToken.None);
}
