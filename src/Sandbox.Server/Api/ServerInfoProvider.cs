using Sandbox.Protocol;
using Sandbox.Server.Engines.Bubblewrap;
using Sandbox.Server.Sandboxes;

namespace Sandbox.Server.Api;

/// <summary>What the server says of itself and of its host.</summary>
/// <param name="build">The server's build.</param>
/// <param name="launcher">Tries the isolation.</param>
internal sealed class ServerInfoProvider(string build, SandboxLauncher launcher)
{
    private readonly DateTimeOffset _startedAt = DateTimeOffset.UtcNow;
    private volatile bool _isIsolationProven;

    /// <summary>The module's version this server belongs to.</summary>
    public static string Version { get; } = typeof(ServerInfoProvider).Assembly.GetName().Version?.ToString(3) ?? "0.0.0";

    /// <summary>The answer of <c>GET /v1/server</c>. Isolation that works is tried once; what fails is tried anew, since the owner may have mended it.</summary>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<ServerInfo> DescribeAsync(CancellationToken cancellationToken)
    {
        IsolationFailure? failure = await CheckAsync(cancellationToken);
        IsolationFailure? internet = failure ?? await launcher.CheckInternetAsync(cancellationToken);
        return new ServerInfo
        {
            Name = "sandboxd",
            Version = Version,
            Build = build,
            ApiVersion = "v1",
            Capabilities = Capabilities.All,
            Abilities =
            [
                AbilityOf("isolation", failure),
                AbilityOf("network-internet", internet),
                AbilityOf("network-none", failure),
                AbilityOf("network-host", failure),
                AbilityOf("limit-memory", SandboxLimits.MemoryName),
                AbilityOf("limit-processes", SandboxLimits.ProcessesName),
                AbilityOf("limit-cpus", SandboxLimits.CpusName),
                AbilityOf("limit-disk", SandboxLimits.DiskName),
            ],
            ProcessId = Environment.ProcessId,
            StartedAt = _startedAt,
        };
    }

    private static Ability AbilityOf(string name, IsolationFailure? failure) => new(name, failure is null, failure?.Reason, failure?.Remedy);

    private static Ability AbilityOf(string name, string limit) => LimitPlan.MeansOf(limit) is not null
        ? new Ability(name, Available: true)
        : new Ability(name, Available: false, $"Nothing on this host keeps the limit '{limit}'.", LimitPlan.RemedyOf(limit));

    private async Task<IsolationFailure?> CheckAsync(CancellationToken cancellationToken)
    {
        IsolationFailure? failure = _isIsolationProven ? null : await launcher.CheckAsync(cancellationToken);
        _isIsolationProven = failure is null;
        return failure;
    }
}
