using System.Text.Json;
using System.Text.Json.Serialization;

namespace Sandbox.Protocol;

/// <summary>Limits for all processes of a sandbox together; absent values are unlimited, or the server's default (4,096 processes).</summary>
public sealed record SandboxLimits
{
    /// <summary>The name of the limit.</summary>
    public const string MemoryName = "memoryBytes";

    /// <summary>The name of the limit.</summary>
    public const string ProcessesName = "processes";

    /// <summary>The name of the limit.</summary>
    public const string CpusName = "cpus";

    /// <summary>The name of the limit.</summary>
    public const string DiskName = "diskBytes";

    /// <summary>Memory in bytes, including in-memory files such as those in <c>/tmp</c>.</summary>
    public long? MemoryBytes { get; init; }

    /// <summary>Processes and threads, including the agent's.</summary>
    public long? Processes { get; init; }

    /// <summary>Processors: 0.5 is half the time of one.</summary>
    public double? Cpus { get; init; }

    /// <summary>Bytes of files on disk.</summary>
    public long? DiskBytes { get; init; }

    /// <summary>Unknown fields, which are rejected.</summary>
    [JsonExtensionData]
    public Dictionary<string, JsonElement>? Unknown { get; set; }

    /// <summary>The names of the limits that are set.</summary>
    [JsonIgnore]
    public IEnumerable<string> Names =>
        new (string Name, bool IsSet)[]
        {
            (MemoryName, MemoryBytes is not null), (ProcessesName, Processes is not null), (CpusName, Cpus is not null), (DiskName, DiskBytes is not null),
        }
            .Where(limit => limit.IsSet).Select(limit => limit.Name);
}
