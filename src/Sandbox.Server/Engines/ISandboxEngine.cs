using System.Text.Json;
using Sandbox.Protocol;
using Sandbox.Server.Infrastructure;

namespace Sandbox.Server.Engines;

/// <summary>One way to run sandboxes. Everything that knows how it isolates lives in its own folder.</summary>
internal interface ISandboxEngine : IDisposable
{
    /// <summary>Gets the name by which requests and records select the engine.</summary>
    string Name { get; }

    /// <summary>Tests what the engine can give sandboxes on this host now.</summary>
    Task<IReadOnlyList<Ability>> ProbeAsync(CancellationToken cancellationToken);

    /// <summary>Describes the features of the isolation of sandboxes.</summary>
    /// <param name="network">The network of a sandbox, whose features are returned; null for all features of this host.</param>
    IReadOnlyList<IsolationFeature> DescribeIsolation(string? network);

    /// <summary>Chooses a sandbox's network: the requested one or, for null, the best this host has, with a warning if that is less than the default.</summary>
    /// <exception cref="ApiException">The requested network is not available here.</exception>
    Task<(string Network, string[] Warnings)> ChooseNetworkAsync(string? requested, CancellationToken cancellationToken);

    /// <summary>Returns a text that changes with everything a launch fixes besides the network's name; a pooled sandbox with another one is outdated.</summary>
    string GetLaunchFingerprint(string network);

    /// <summary>Creates the files of a new sandbox.</summary>
    IEngineInstance Create(SandboxDirectories directories);

    /// <summary>Takes over a sandbox from the state that an earlier server recorded, see <see cref="IEngineInstance.State"/>.</summary>
    IEngineInstance Attach(SandboxDirectories directories, JsonElement state);

    /// <summary>Removes installed files of earlier builds that no running sandbox uses.</summary>
    void RemoveUnusedFiles(IEnumerable<IEngineInstance> running);
}

/// <summary>One sandbox as its engine runs it. Launching and killing it is never done concurrently. It keeps running when this object is disposed.</summary>
internal interface IEngineInstance : IDisposable
{
    /// <summary>Gets what the engine needs to attach to the sandbox again. Only the engine reads it, and versions it; it holds no secret.</summary>
    JsonElement State { get; }

    /// <summary>Gets the isolation features of the last launch, as the API names them.</summary>
    string[] Isolation { get; }

    /// <summary>Gets the limits since the last launch: the requested ones and the engine's defaults; null when there are none or they are not known.</summary>
    SandboxLimits? Limits { get; }

    /// <summary>Gets what enforces each limit since the last launch, or null without limits.</summary>
    Dictionary<string, string>? LimitEnforcement { get; }

    /// <summary>Gets whether the sandbox's processes are alive.</summary>
    bool IsRunning { get; }

    /// <summary>Gets whether a server exited during a launch, so that unrecorded processes may be left.</summary>
    bool IsLaunchInterrupted { get; }

    /// <summary>Starts the sandbox's agent. A failed launch leaves nothing behind.</summary>
    /// <param name="spec">What to launch.</param>
    /// <param name="saveState">Records <see cref="State"/>; called before anything is started that outlives this server.</param>
    /// <exception cref="ApiException">This host cannot isolate the sandbox or enforce a limit.</exception>
    Task LaunchAsync(LaunchSpec spec, Action saveState);

    /// <summary>Connects to the agent, or returns null when it does not listen.</summary>
    Task<Stream?> TryConnectAsync(CancellationToken cancellationToken);

    /// <summary>Kills all processes, waits until they have exited, and frees what the launch took from the host.</summary>
    /// <exception cref="ApiException">A process is still alive after a long wait.</exception>
    Task KillAsync();

    /// <summary>Returns what the sandbox's processes printed and, if it says why the agent did not start, the error for the user.</summary>
    (string Output, ApiException? Error) DiagnoseStart();
}

/// <summary>What a launch is requested to give a sandbox.</summary>
internal sealed record LaunchSpec(string Network, SandboxLimits? Limits);

/// <summary>The engines of this server; the first is the default.</summary>
internal sealed class EngineCatalog(params IReadOnlyList<ISandboxEngine> engines)
{
    public IReadOnlyList<ISandboxEngine> All => engines;

    public ISandboxEngine Default => engines[0];

    public ISandboxEngine? Find(string name) => engines.FirstOrDefault(engine => engine.Name == name);
}
