using System.Text.Json;
using Sandbox.Client;
using Sandbox.Linux;

namespace Sandbox.Benchmarks.Hosting;

/// <summary>A sandbox, and what can be seen of it from outside.</summary>
/// <param name="server">Its server.</param>
/// <param name="id">Its id.</param>
/// <param name="directory">Where the server keeps it.</param>
internal sealed class BenchmarkSandbox(BenchmarkServer server, string id, string directory) : IAsyncDisposable
{
    private const string AgentName = "sandbox-agent";

    public string Id => id;

    /// <summary>Where its files are.</summary>
    public string Directory => directory;

    /// <summary>The agent's own socket, past the server.</summary>
    public ServerEndpoint Agent { get; } = ServerEndpoint.Parse($"unix:{server.AgentSocket(directory)}");

    /// <summary>Its processes, with those that stand outside and help it.</summary>
    public IReadOnlyList<ProcessEntry> Processes()
    {
        using JsonDocument record = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(directory, "box.json")));
        JsonElement process = record.RootElement.GetProperty("engineState").GetProperty("process");
        int monitor = process.GetProperty("monitorId").GetInt32();
        int[] outside = process.TryGetProperty("link", out JsonElement link) && link.ValueKind == JsonValueKind.Object ? [monitor, link.GetProperty("id").GetInt32()] : [monitor];
        return [.. outside.Select(ProcessTable.Find).OfType<ProcessEntry>(), .. ProcessTable.DescendantsOf([monitor], new HashSet<(int, ulong)>())];
    }

    /// <summary>The process that serves its requests.</summary>
    public int AgentProcess() => Processes().First(process => NameOf(process.Id) == AgentName).Id;

    /// <summary>What a process's program is called; empty when it has gone.</summary>
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

    public async ValueTask DisposeAsync() => await server.Client.RemoveSandboxAsync(id, CancellationToken.None);
}
