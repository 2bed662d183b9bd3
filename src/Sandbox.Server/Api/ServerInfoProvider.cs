using Sandbox.Protocol;
using Sandbox.Server.Engines;

namespace Sandbox.Server.Api;

/// <summary>Describes the server and its host.</summary>
internal sealed class ServerInfoProvider(string build, EngineCatalog engines)
{
    private readonly DateTimeOffset _startedAt = DateTimeOffset.UtcNow;

    /// <summary>Gets the version of the module that this server belongs to.</summary>
    public static string Version { get; } = typeof(ServerInfoProvider).Assembly.GetName().Version?.ToString(3) ?? "0.0.0";

    /// <summary>Returns the answer of <c>GET /v1/server</c>.</summary>
    public async Task<ServerInfo> DescribeAsync(CancellationToken cancellationToken)
    {
        List<EngineInfo> infos = [];
        foreach (ISandboxEngine engine in engines.All)
        {
            IReadOnlyList<Ability> abilities = await engine.ProbeAsync(cancellationToken);
            infos.Add(new EngineInfo(engine.Name, abilities) { Isolation = DescribeIsolation(engine, abilities) });
        }

        return new ServerInfo
        {
            Name = "sandboxd",
            Version = Version,
            Build = build,
            ApiVersion = "v1",
            Capabilities = Capabilities.All,
            Abilities = infos[0].Abilities,
            Engines = infos,
            ProcessId = Environment.ProcessId,
            StartedAt = _startedAt,
        };
    }

    /// <summary>Without isolation as a whole, no feature of it is available.</summary>
    private static IReadOnlyList<IsolationFeature> DescribeIsolation(ISandboxEngine engine, IReadOnlyList<Ability> abilities)
    {
        Ability? isolation = abilities.FirstOrDefault(ability => ability.Name == Ability.Isolation);
        IReadOnlyList<IsolationFeature> features = engine.DescribeIsolation(network: null);
        return isolation is null or { Available: true } ? features : [.. features.Select(feature => feature.Without(isolation.Reason, isolation.Remedy))];
    }
}
