using Sandbox.Linux;
using Sandbox.Protocol;

namespace Sandbox.Server.Engines.Bubblewrap;

/// <summary>The isolation features by the names of the API: what this host gives, and what a sandbox gets.</summary>
internal static class IsolationCatalog
{
    private const string UserId = "uid";
    private const string ControlGroups = "cgroup";

    // What the host may lack has its own obstacle; the others are there wherever bubblewrap can isolate at all.
    private static readonly Entry[] Entries =
    [
        new("user", "A user namespace: no rights over what is outside.", IsolationFeatures.None),
        new("mount", "A root directory of its own, which has only the programs of the host, read-only.", IsolationFeatures.ComposedRoot),
        new("pid", "A process namespace: it sees and signals only its own processes.", IsolationFeatures.Processes),
        new("network", "A network namespace: no interface, address or socket of the host.", IsolationFeatures.Network),
        new("ipc", "An IPC namespace: no shared memory or queues of the host.", IsolationFeatures.Names),
        new("uts", "A host name of its own.", IsolationFeatures.Names),
        new(ControlGroups, "A control group namespace: the host's groups are hidden.", IsolationFeatures.Names),
        new("no-new-privileges", "Programs with the set-user-id bit give no rights.", IsolationFeatures.None),
        new("capabilities", "No capabilities, not even in its own namespaces.", IsolationFeatures.NoCapabilities),
        new("no-nesting", "No further user namespaces, which open much of the kernel.", IsolationFeatures.NoNesting),
        new("seccomp", "Only the system calls that Docker's default profile allows without capabilities.", IsolationFeatures.SystemCalls),
        new("landlock", "No signals, tracing or abstract sockets beyond what its agent started.", IsolationFeatures.Landlock),
        new("masked-proc", "Files in /proc that describe the host are empty.", IsolationFeatures.MaskedKernelFiles),
        new("clean-environment", "No environment variables of the server.", IsolationFeatures.CleanEnvironment),
        new("own-session", "A terminal session of its own: no input to the server's terminal.", IsolationFeatures.None),
        new("no-core-dumps", "No core dumps, which the host's programs would read.", IsolationFeatures.None),
        new("kernel-quotas", "It cannot use up the kernel's quotas of the server's user.", IsolationFeatures.KernelQuotas),
        new(UserId, "A user of the host of its own, without rights.", IsolationFeatures.OwnUser) { IsRequired = false },
        new("network-filter", "Private, link-local and metadata addresses and the host's are closed.", IsolationFeatures.None) { IsForInternet = true },
        new("confined-network", "The program that connects it sees no files or processes of the host.", IsolationFeatures.ConfinedNetwork)
        {
            IsForInternet = true,
        },
    ];

    private static readonly Lazy<bool> HasControlGroups = new(() => File.Exists("/proc/self/ns/cgroup"));

    /// <summary>Returns the names of the features that a launch applies.</summary>
    public static string[] NamesOf(LaunchPlan plan)
    {
        IsolationFeatures applied = plan.UserId is null ? plan.Features & ~IsolationFeatures.OwnUser : plan.Features | IsolationFeatures.KernelQuotas;
        return [.. Entries
            .Where(entry => (applied & entry.Feature) == entry.Feature && Applies(entry, plan.Network))
            .Where(entry => ObstacleOf(entry.Name, plan.UserId is not null) is null)
            .Select(entry => entry.Name)];
    }

    /// <summary>Describes what this host gives a sandbox.</summary>
    /// <param name="network">The sandbox's network; null for all that this host has.</param>
    /// <param name="hasUsers">Whether the server gives each sandbox a user of its own.</param>
    public static IReadOnlyList<IsolationFeature> Describe(string? network, bool hasUsers)
    {
        IsolationException? noInternet = network is null ? SlirpNetwork.FindObstacle() : null;
        return [.. Entries.Where(entry => Applies(entry, network)).Select(entry => Describe(entry, network, hasUsers, noInternet))];
    }

    private static IsolationFeature Describe(Entry entry, string? network, bool hasUsers, IsolationException? noInternet)
    {
        IsolationFeature feature = new(entry.Name, entry.Description, Available: true, entry.IsRequired);
        if (network == SandboxNetworks.Host && entry.Feature == IsolationFeatures.Network)
        {
            return feature.Without("The network 'host' was requested.", "Use the network 'internet' or 'none'.") with { Required = false };
        }

        IsolationException? obstacle = entry.IsForInternet ? noInternet : ObstacleOf(entry.Name, hasUsers);
        return obstacle is null ? feature : feature.Without(obstacle.Reason, obstacle.Remedy);
    }

    private static bool Applies(Entry entry, string? network) => !entry.IsForInternet || network is null or SandboxNetworks.Internet;

    private static IsolationException? ObstacleOf(string name, bool hasUsers) => name switch
    {
        "landlock" when !Landlock.IsAvailable => new IsolationException(
            "This kernel has no Landlock that keeps signals and abstract sockets apart.",
            "Use Linux 6.15 or newer, with 'landlock' among its security modules."),
        UserId when !hasUsers => new IsolationException(
            "The server runs as an ordinary user, so its sandboxes run as that user.", "Run the server as root: it gives each sandbox a user of its own."),
        ControlGroups when !HasControlGroups.Value => new IsolationException(
            "This kernel has no control group namespaces.", "Use a kernel with control groups (CONFIG_CGROUPS)."),
        _ => null,
    };

    /// <summary>One feature.</summary>
    private sealed record Entry(string Name, string Description, IsolationFeatures Feature)
    {
        /// <summary>Gets whether only sandboxes on the internet need it.</summary>
        public bool IsForInternet { get; init; }

        /// <summary>Gets whether it is the host's matter, and not that of how the server is run.</summary>
        public bool IsRequired { get; init; } = true;
    }
}
