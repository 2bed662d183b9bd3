using Sandbox.Protocol;

namespace Sandbox;

/// <summary>A snapshot of a sandbox.</summary>
public sealed class SandboxInstance
{
    internal SandboxInstance(SandboxInfo info, string server)
    {
        Id = info.Id;
        State = info.State;
        Engine = info.Engine;
        Network = info.Network;
        DefaultSession = info.DefaultSession;
        CreatedAt = info.CreatedAt;
        Server = server;
        Isolation = [.. info.Isolation];
        MissingIsolation = [.. (info.MissingIsolation ?? []).Select(feature => new SandboxIsolationFeature(feature))];
        Labels = info.Labels;
        MemoryLimit = info.Limits?.MemoryBytes;
        ProcessLimit = info.Limits?.Processes;
        CpuLimit = info.Limits?.Cpus;
        DiskLimit = info.Limits?.DiskBytes;
        LimitMeans = info.LimitMeans;
        Temporary = info.Temporary;
        Warnings = [.. info.Warnings ?? []];
    }

    /// <summary>Its key.</summary>
    public string Id { get; }

    /// <summary>Whether its processes are running.</summary>
    public SandboxState State { get; }

    /// <summary>The sandbox engine.</summary>
    public string Engine { get; }

    /// <summary>The network mode.</summary>
    public string Network { get; }

    /// <summary>Whether commands that name no session use its session <c>default</c>.</summary>
    public bool DefaultSession { get; }

    /// <summary>The time of creation.</summary>
    public DateTimeOffset CreatedAt { get; }

    /// <summary>The address of the server.</summary>
    public string Server { get; }

    /// <summary>How much memory it may use, in bytes; null for no limit.</summary>
    public long? MemoryLimit { get; }

    /// <summary>How many processes it may have; null for no limit.</summary>
    public long? ProcessLimit { get; }

    /// <summary>CPU limit in processors; null for no limit.</summary>
    public double? CpuLimit { get; }

    /// <summary>How many bytes its files may have; null for no limit.</summary>
    public long? DiskLimit { get; }

    /// <summary>By the name of each limit what keeps it; null when there are none.</summary>
    public IReadOnlyDictionary<string, string>? LimitMeans { get; }

    /// <summary>Whether it is removed when the creating process exits.</summary>
    public bool Temporary { get; }

    /// <summary>Warnings about missing features, with the remedy.</summary>
    public string[] Warnings { get; }

    /// <summary>The active isolation features.</summary>
    public string[] Isolation { get; }

    /// <summary>The isolation features that it does not have, with the reasons.</summary>
    public SandboxIsolationFeature[] MissingIsolation { get; }

    /// <summary>Labels: text by name.</summary>
    public IReadOnlyDictionary<string, string> Labels { get; }

    /// <inheritdoc />
    public override string ToString() => Id;
}
