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
            infos.Add(new EngineInfo(engine.Name, await engine.ProbeAsync(cancellationToken)));
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
}
