using Sandbox.Protocol;

namespace Sandbox.Server.Engines.Bubblewrap;

/// <summary>How a sandbox is limited: what each limit is kept by.</summary>
/// <param name="Limits">The limits.</param>
/// <param name="Groups">The control groups that keep them, as directories.</param>
/// <param name="ProcessLimit">The most processes, where a limit of the processes' own (RLIMIT_NPROC) keeps it.</param>
/// <param name="Means">What keeps each limit, by its name.</param>
internal sealed record LimitPlan(SandboxLimits Limits, string[] Groups, long? ProcessLimit, Dictionary<string, string> Means)
{
    private const long LeastMemory = 32 << 20;
    private const long LeastProcesses = 32;
    private const double LeastCpus = 0.01;
    private const double MostCpus = 10_000;
    private const string ByProcess = "rlimit";

    /// <summary>No limits.</summary>
    public static LimitPlan None { get; } = new(new SandboxLimits(), [], null, []);

    /// <summary>Chooses the means on this host: control groups, else a limit of the processes' own where that is honest.</summary>
    /// <param name="limits">What is wished for.</param>
    /// <param name="name">A name for the control groups, this sandbox's alone.</param>
    /// <exception cref="ApiException">A value makes no sense, or this host cannot keep that limit.</exception>
    public static LimitPlan For(SandboxLimits limits, string name)
    {
        Require(limits);
        Dictionary<string, string> means = [];
        foreach (string limit in limits.Names)
        {
            means[limit] = MeansOf(limit) ?? throw new ApiException(ErrorCodes.Unsupported, $"'limits.{limit}' cannot be kept on this host. {RemedyOf(limit)}");
        }

        bool byProcess = means.GetValueOrDefault(SandboxLimits.ProcessesName) == ByProcess;
        string[] inGroups = [.. means.Where(limit => limit.Value != ByProcess).Select(limit => limit.Key)];
        return new LimitPlan(limits, ControlGroups.Directories(inGroups.Select(ControllerOf).OfType<string>(), name), byProcess ? limits.Processes : null, means);
    }

    /// <summary>What would keep a limit on this host; null when nothing can.</summary>
    /// <param name="limit">The limit's name.</param>
    public static string? MeansOf(string limit) => ControllerOf(limit) is { } controller && ControlGroups.MeansOf(controller) is { } means ? means
        : limit == SandboxLimits.ProcessesName && CanLimitProcesses() ? ByProcess
        : null;

    /// <summary>What the host's owner can do so that a limit can be kept.</summary>
    /// <param name="limit">The limit's name.</param>
    public static string RemedyOf(string limit) => limit == SandboxLimits.DiskName
        ? "Keep the server's state directory on a file system of the size that sandboxes may fill, and leave this limit out."
        : "It takes control groups (cgroup v2 or v1) that the server may write to: run the server as root, or in a scope that systemd delegates to its user; or leave this limit out.";

    private static string? ControllerOf(string limit) => limit switch
    {
        SandboxLimits.MemoryName => ControlGroups.Memory,
        SandboxLimits.ProcessesName => ControlGroups.Processes,
        SandboxLimits.CpusName => ControlGroups.Processor,
        _ => null,
    };

    /// <summary>Since Linux 5.14 a user namespace counts its own processes, so that this sandbox's alone are limited.</summary>
    private static bool CanLimitProcesses() => Environment.OSVersion.Version >= new Version(5, 14) && File.Exists("/usr/bin/prlimit");

    private static void Require(SandboxLimits limits)
    {
        foreach (string name in limits.Unknown?.Keys.ToArray() ?? [])
        {
            throw RequestFields.Unsupported("limits." + name);
        }

        if (limits.MemoryBytes < LeastMemory)
        {
            throw Low(SandboxLimits.MemoryName, $"{LeastMemory} bytes");
        }

        if (limits.Processes < LeastProcesses)
        {
            throw Low(SandboxLimits.ProcessesName, $"{LeastProcesses}, of which the sandbox's agent takes some");
        }

        if (limits.Cpus is { } cpus && !(cpus is >= LeastCpus and <= MostCpus))
        {
            throw new ApiException(ErrorCodes.InvalidRequest, $"'limits.{SandboxLimits.CpusName}' is {cpus}. It takes {LeastCpus} to {MostCpus}.");
        }

        if (limits.DiskBytes < 0)
        {
            throw Low(SandboxLimits.DiskName, "0");
        }
    }

    private static ApiException Low(string name, string least) => new(ErrorCodes.InvalidRequest, $"'limits.{name}' is too low. It takes at least {least}.");
}
