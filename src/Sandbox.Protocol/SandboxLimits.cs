using System.Text.Json;
using System.Text.Json.Serialization;

namespace Sandbox.Protocol;

/// <summary>What a sandbox may use at most, all its processes together; what is left out is not limited.</summary>
public sealed record SandboxLimits
{
    /// <summary>The field's name where limits are told apart by name.</summary>
    public const string MemoryName = "memoryBytes";

    /// <summary>The field's name where limits are told apart by name.</summary>
    public const string ProcessesName = "processes";

    /// <summary>The field's name where limits are told apart by name.</summary>
    public const string CpusName = "cpus";

    /// <summary>The field's name where limits are told apart by name.</summary>
    public const string DiskName = "diskBytes";

    /// <summary>Memory, in-memory files such as those in <c>/tmp</c> included.</summary>
    public long? MemoryBytes { get; init; }

    /// <summary>Processes and threads, the agent's own included.</summary>
    public long? Processes { get; init; }

    /// <summary>Processor time: 1 is one processor's, 0.5 half of it.</summary>
    public double? Cpus { get; init; }

    /// <summary>Files on disk.</summary>
    public long? DiskBytes { get; init; }

    /// <summary>Fields this release does not know: refused, never ignored.</summary>
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
