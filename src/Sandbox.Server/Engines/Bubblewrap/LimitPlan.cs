using System.Globalization;
using Sandbox.Linux;
using Sandbox.Protocol;

namespace Sandbox.Server.Engines.Bubblewrap;

/// <summary>How the limits of a sandbox are enforced.</summary>
/// <param name="Limits">The limits.</param>
/// <param name="Groups">The directories of the control groups that enforce them.</param>
/// <param name="ProcessLimit">The maximum number of processes, where RLIMIT_NPROC enforces it.</param>
/// <param name="Enforcement">What enforces each limit, by the limit's name.</param>
internal sealed record LimitPlan(SandboxLimits Limits, string[] Groups, long? ProcessLimit, Dictionary<string, string> Enforcement)
{
    private const long MinMemory = 32 << 20;
    private const long MinProcesses = 32;
    private const long DefaultProcesses = 4096;
    private const double MinCpus = 0.01;
    private const double MaxCpus = 10_000;
    private const string Rlimit = "rlimit";

    public static LimitPlan None { get; } = new(new SandboxLimits(), [], null, []);

    /// <summary>Chooses how this host enforces limits: by control groups, else by rlimits where those count one sandbox alone. Without a limit on processes
    /// there is a default where an rlimit can enforce it: joining a control group takes longer.</summary>
    /// <param name="requested">The requested limits.</param>
    /// <param name="name">A name for the control groups that no other sandbox has.</param>
    /// <exception cref="ApiException">A value is out of range, or this host cannot enforce a limit.</exception>
    public static LimitPlan For(SandboxLimits requested, string name)
    {
        RequireInRange(requested);
        Dictionary<string, string> enforcement = [];
        foreach (string limit in requested.Names)
        {
            enforcement[limit] = EnforcementOf(limit)
                ?? throw Error(ErrorCodes.Unsupported, limit, $"cannot be enforced on this host. {RemedyOf(limit)}");
        }

        SandboxLimits limits = requested;
        if (requested.Processes is null && CanLimitProcesses())
        {
            enforcement[SandboxLimits.ProcessesName] = Rlimit;
            limits = requested with { Processes = Math.Min(DefaultProcesses, CurrentProcess.MaxProcesses) };
        }

        bool byRlimit = enforcement.GetValueOrDefault(SandboxLimits.ProcessesName) == Rlimit;
        if (byRlimit && limits.Processes > CurrentProcess.MaxProcesses)
        {
            string maximum = CurrentProcess.MaxProcesses.ToString(CultureInfo.InvariantCulture);
            throw Error(ErrorCodes.Unsupported, SandboxLimits.ProcessesName, $"is too high. The limit of the server's user on this host is {maximum}.");
        }

        IEnumerable<string> controllers = enforcement.Where(limit => limit.Value != Rlimit).Select(limit => ControllerOf(limit.Key)).OfType<string>();
        return new LimitPlan(limits, ControlGroups.Directories(controllers, name), byRlimit ? limits.Processes : null, enforcement);
    }

    /// <summary>Returns what would enforce a limit on this host, or null.</summary>
    public static string? EnforcementOf(string limit) => ControllerOf(limit) is { } controller && ControlGroups.FindVersion(controller) is { } version ? version
        : limit == SandboxLimits.ProcessesName && CanLimitProcesses() ? Rlimit
        : null;

    /// <summary>Returns what the host's owner can do so that a limit can be enforced.</summary>
    public static string RemedyOf(string limit) => limit == SandboxLimits.DiskName
        ? "Keep the server's state directory on a file system of the size that sandboxes may fill, and omit this limit."
        : "This limit needs control groups (cgroup v2 or v1) that the server may write to: run the server as root, or in a scope that systemd delegates "
            + "to its user; or omit this limit.";

    private static string? ControllerOf(string limit) => limit switch
    {
        SandboxLimits.MemoryName => ControlGroups.Memory,
        SandboxLimits.ProcessesName => ControlGroups.Processes,
        SandboxLimits.CpusName => ControlGroups.Processor,
        _ => null,
    };

    /// <summary>Since Linux 5.14 a user namespace counts its own processes, so that the limit counts this sandbox alone.</summary>
    private static bool CanLimitProcesses() => Environment.OSVersion.Version >= new Version(5, 14);

    private static void RequireInRange(SandboxLimits limits)
    {
        foreach (string name in limits.Unknown?.Keys.ToArray() ?? [])
        {
            throw RequestFields.Unsupported("limits." + name);
        }

        if (limits.MemoryBytes < MinMemory)
        {
            throw TooLow(SandboxLimits.MemoryName, $"{MinMemory} bytes");
        }

        if (limits.Processes < MinProcesses)
        {
            throw TooLow(SandboxLimits.ProcessesName, $"{MinProcesses}, of which the sandbox's agent needs some");
        }

        if (limits.Cpus is { } cpus && !(cpus is >= MinCpus and <= MaxCpus))
        {
            throw Error(ErrorCodes.InvalidRequest, SandboxLimits.CpusName, $"is {cpus}. It must be {MinCpus} to {MaxCpus}.");
        }

        if (limits.DiskBytes < 0)
        {
            throw TooLow(SandboxLimits.DiskName, "0");
        }
    }

    private static ApiException TooLow(string limit, string minimum) => Error(ErrorCodes.InvalidRequest, limit, $"is too low. The minimum is {minimum}.");

    private static ApiException Error(string code, string limit, string predicate)
    {
        string description = limit switch
        {
            SandboxLimits.MemoryName => "memory",
            SandboxLimits.ProcessesName => "process",
            SandboxLimits.CpusName => "CPU",
            _ => "disk",
        };
        return new ApiException(code, $"The {description} limit {predicate}") { Field = "limits." + limit };
    }
}
