using System.Text.Json;
using Sandbox.Linux;
using Sandbox.Protocol;
using Sandbox.Server.Infrastructure;

namespace Sandbox.Server.Engines.Bubblewrap;

/// <summary>Runs sandboxes in Linux namespaces, by bubblewrap.</summary>
internal sealed class BubblewrapEngine(ServerHome home, string build) : ISandboxEngine
{
    private const string AbstractSockets = "The sandbox reaches the host's abstract Unix sockets, such as those of a desktop, because it shares the host's "
        + "network. Linux 6.15 or newer with Landlock closes them.";

    private const uint Nobody = 65534;
    private const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
    private const UnixFileMode PassableForGroup = Private | UnixFileMode.GroupExecute;

    private readonly SemaphoreSlim _checks = new(1, 1);
    private readonly Lazy<AgentProgram> _agent = new(() => AgentProgram.Install(home, build, AppContext.BaseDirectory));
    private readonly RulesetUpdater _rules = new();
    private readonly UidAllocator _uids = new(home);
    private readonly Lazy<NameServers> _nameServers = new(() => new NameServers(home));
    private volatile bool _isIsolationProven;
    private volatile bool _isInternetProven;

    public string Name => "bubblewrap";

    /// <summary>What works is tested once; what fails is tested again, since the owner may have repaired it.</summary>
    public async Task<IReadOnlyList<Ability>> ProbeAsync(CancellationToken cancellationToken)
    {
        IsolationException? obstacle = _isIsolationProven ? null : await FindObstacleAsync(SandboxNetworks.None, cancellationToken);
        _isIsolationProven = obstacle is null;
        IsolationException? internet = obstacle ?? await FindInternetObstacleAsync(cancellationToken);
        return
        [
            AbilityOf(Ability.Isolation, obstacle),
            AbilityOf("network-internet", internet),
            AbilityOf("network-none", obstacle),
            AbilityOf("network-host", obstacle),
            AbilityOf("limit-memory", SandboxLimits.MemoryName),
            AbilityOf("limit-processes", SandboxLimits.ProcessesName),
            AbilityOf("limit-cpus", SandboxLimits.CpusName),
            AbilityOf("limit-disk", SandboxLimits.DiskName),
        ];
    }

    public IReadOnlyList<IsolationFeature> DescribeIsolation(string? network) => IsolationCatalog.Describe(network, home.IsRoot);

    public async Task<(string Network, string[] Warnings)> ChooseNetworkAsync(string? requested, CancellationToken cancellationToken)
    {
        if (requested is SandboxNetworks.None or SandboxNetworks.Host)
        {
            bool reachesSockets = requested == SandboxNetworks.Host && !Landlock.IsAvailable;
            return (requested, reachesSockets ? [AbstractSockets] : []);
        }

        return await FindInternetObstacleAsync(cancellationToken) switch
        {
            null => (SandboxNetworks.Internet, []),
            { } obstacle when requested is not null => throw obstacle.ToApiException(),
            { } obstacle => (SandboxNetworks.None, [$"The sandbox has no network. {obstacle.Reason} {obstacle.Remedy}"]),
        };
    }

    /// <summary>The rules for the internet block the addresses that the host has at the launch.</summary>
    public string GetLaunchFingerprint(string network) => network == SandboxNetworks.Internet ? NftablesRuleset.ForHost() : "";

    public IEngineInstance Create(SandboxDirectories directories)
    {
        uint user = _uids.UidOf(directories.Number);
        CreateFiles(directories, user);
        return new BubblewrapInstance(this, directories, new BubblewrapState { UserId = user });
    }

    public IEngineInstance Attach(SandboxDirectories directories, JsonElement state)
    {
        BubblewrapState read = state.Deserialize(BubblewrapJson.Default.BubblewrapState)!;
        if (read.Version > BubblewrapState.CurrentVersion)
        {
            throw new IOException($"The state of the sandbox has version {read.Version}, which this server does not know. Use a newer server.");
        }

        // Earlier servers let all users pass through.
        Protect(directories, read.UserId);
        BubblewrapInstance instance = new(this, directories, read);
        Watch(instance, rules: null);
        return instance;
    }

    public void RemoveUnusedFiles(IEnumerable<IEngineInstance> running)
    {
        HashSet<string?> used = [.. running.OfType<BubblewrapInstance>().Select(instance => instance.Process?.Program)];
        foreach (string directory in Directory.GetDirectories(home.Programs))
        {
            if (!used.Contains(directory) && Path.GetFileName(directory) != build)
            {
                FileTree.Remove(directory);
            }
        }
    }

    /// <summary>Creates a sandbox's directories; its user owns the three that it sees.</summary>
    public static void CreateFiles(SandboxDirectories directories, uint user)
    {
        bool isOwn = user == CurrentProcess.EffectiveUserId;
        Protect(directories, user);
        foreach (string directory in (string[])[directories.Workspace, directories.Home, directories.State])
        {
            Directory.CreateDirectory(directory, Private);
            if (!isOwn)
            {
                FileSystem.SetOwner(directory, user);
            }
        }
    }

    /// <summary>Gives a sandbox's user the permissions for its directories again that its code may have taken away.</summary>
    public static void RestorePermissions(SandboxDirectories directories)
    {
        foreach (string directory in (string[])[directories.Workspace, directories.Home, directories.State])
        {
            if (Directory.Exists(directory) && File.GetUnixFileMode(directory) is var mode && (mode & Private) != Private)
            {
                File.SetUnixFileMode(directory, mode | Private);
            }
        }
    }

    // No other user of the host can pass through: a program of the sandbox with the set-user-id bit would make its caller the sandbox's user.
    private static void Protect(SandboxDirectories directories, uint user)
    {
        ServerHome.Make(directories.Top, Private);
        if (user != CurrentProcess.EffectiveUserId)
        {
            FileSystem.SetGroup(directories.Top, user);
            File.SetUnixFileMode(directories.Top, PassableForGroup);
        }
    }

    /// <summary>Returns what a launch of a sandbox consists of.</summary>
    public LaunchPlan PlanLaunch(SandboxDirectories directories, uint user, string network) => new()
    {
        Directories = directories,
        UserId = home.IsRoot ? user : null,
        Agent = _agent.Value,
        Network = network,
        Rules = GetLaunchFingerprint(network),
        Resolver = network == SandboxNetworks.Internet ? _nameServers.Value.Directory : "",
        Features = IsolationFeatures.All
            & ~(network == SandboxNetworks.Host ? IsolationFeatures.Network : IsolationFeatures.None)

            // A user of its own has quotas of his own.
            & ~(home.IsRoot ? IsolationFeatures.KernelQuotas : IsolationFeatures.None),
    };

    /// <summary>Returns a name for a sandbox's control groups that is unique on this host.</summary>
    public string ControlGroupOf(SandboxDirectories directories, uint user) =>
        $"sandbox-{Path.GetFileName(Path.GetDirectoryName(home.State))}-{user}-{directories.Number}";

    /// <summary>Keeps the packet filter rules and name servers of a running sandbox up to date while this server runs.</summary>
    /// <param name="rules">The rules that it has; null when that is not known.</param>
    public void Watch(BubblewrapInstance instance, string? rules)
    {
        _rules.Watch(instance, rules);
        if (instance.Process is { Link: not null })
        {
            _ = _nameServers.Value;
        }
    }

    /// <summary>Ends <see cref="Watch"/>.</summary>
    public void Unwatch(BubblewrapInstance instance) => _rules.Unwatch(instance);

    public void Dispose()
    {
        _rules.Dispose();
        if (_nameServers.IsValueCreated)
        {
            _nameServers.Value.Dispose();
        }

        _checks.Dispose();
    }

    private static Ability AbilityOf(string name, IsolationException? obstacle) => new(name, obstacle is null, obstacle?.Reason, obstacle?.Remedy);

    private static Ability AbilityOf(string name, string limit) => LimitPlan.EnforcementOf(limit) is not null
        ? new Ability(name, Available: true)
        : new Ability(name, Available: false, $"Nothing on this host enforces the limit '{limit}'.", LimitPlan.RemedyOf(limit));

    private async Task<IsolationException?> FindInternetObstacleAsync(CancellationToken cancellationToken)
    {
        IsolationException? obstacle = _isInternetProven ? null
            : SlirpNetwork.FindObstacle() ?? await FindObstacleAsync(SandboxNetworks.Internet, cancellationToken);
        _isInternetProven = obstacle is null;
        return obstacle;
    }

    /// <summary>Tests the isolation without a sandbox, in directories of its own.</summary>
    private async Task<IsolationException?> FindObstacleAsync(string network, CancellationToken cancellationToken)
    {
        SandboxDirectories directories = new(0, Path.Combine(home.State, "check"), "");
        uint user = home.IsRoot ? Nobody : CurrentProcess.EffectiveUserId;
        await _checks.WaitAsync(cancellationToken);
        try
        {
            CreateFiles(directories, user);
            await BubblewrapLauncher.TestAsync(PlanLaunch(directories, user, network), cancellationToken);
            return null;
        }
        catch (IsolationException obstacle)
        {
            return obstacle;
        }
        catch (ApiException exception)
        {
            return new IsolationException(exception.Message, "Correct that, then try again.");
        }
        finally
        {
            _checks.Release();
        }
    }
}
