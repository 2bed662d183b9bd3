using System.Globalization;
using Sandbox.Linux;
using Sandbox.Server.Infrastructure;

namespace Sandbox.Server.Engines.Bubblewrap;

/// <summary>Builds the command line that launches a sandbox. It never contains a secret.</summary>
internal static class BubblewrapArguments
{
    private const string SmallSize = "67108864";
    private const string LargeSize = "1073741824";
    private const string SearchPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

    // What Docker hides too, and more that describes the host.
    private static readonly Lazy<string[]> MaskedKernelFiles = new(() =>
    [
        .. new[] { "cmdline", "config.gz", "interrupts", "kcore", "keys", "latency_stats", "sched_debug", "timer_list", "timer_stats" }
            .Select(name => "/proc/" + name).Where(File.Exists).SelectMany(path => (string[])["--dev-bind", "/dev/null", path]),
        .. new[] { "acpi", "asound", "bus", "fs", "scsi" }
            .Select(name => "/proc/" + name).Where(Directory.Exists).SelectMany(path => (string[])["--size", "4096", "--tmpfs", path, "--remount-ro", path]),
    ]);

    /// <summary>Returns the arguments of <c>setpriv</c> that run a program as a user without privileges, and the group of the same number.</summary>
    public static IEnumerable<string> OtherUser(uint userId)
    {
        string user = userId.ToString(CultureInfo.InvariantCulture);
        return ["--reuid", user, "--regid", user, "--clear-groups", "--inh-caps=-all", "--bounding-set=-all", "--"];
    }

    /// <summary>Returns the arguments of <c>bwrap</c>, up to the program that runs in the sandbox.</summary>
    /// <param name="plan">What to launch.</param>
    /// <param name="statusDescriptor">Where bwrap reports the sandbox's init.</param>
    /// <param name="filterDescriptor">Where bwrap reads the system call filter.</param>
    /// <param name="blockDescriptor">Where bwrap waits for a byte before it starts the program.</param>
    public static IEnumerable<string> For(LaunchPlan plan, int statusDescriptor, int filterDescriptor, int blockDescriptor) =>
    [
        .. Namespaces(plan),
        .. Privileges(plan, filterDescriptor),
        .. Root(plan),
        .. Etc(plan),
        .. KernelFiles(plan),
        .. Scratch(),
        .. OwnFiles(plan.Directories),
        .. Program(plan.Agent),
        .. Variables(plan),
        "--json-status-fd", $"{statusDescriptor}", "--block-fd", $"{blockDescriptor}",
        "--chdir", "/workspace",
        "--",
    ];

    /// <summary>Returns the agent's command line in the sandbox.</summary>
    public static IEnumerable<string> AgentCommand(LaunchPlan plan, int listenDescriptor, int startDescriptor, int logDescriptor) =>
    [
        .. plan.Agent.IsNative ? (string[])["/opt/sandbox/sandbox-agent"] : ["/opt/dotnet/dotnet", "/opt/sandbox/sandbox-agent.dll"],
        "serve", "--listen-fd", $"{listenDescriptor}", "--start-fd", $"{startDescriptor}", "--log-fd", $"{logDescriptor}",

        // The limit counts the processes of the sandbox's user namespace.
        "--process-rlimit", $"{plan.Limits.ProcessLimit ?? CurrentProcess.MaxProcesses}",
        .. HasLandlock(plan) ? (string[])["--confine"] : [],
    ];

    /// <summary>Returns the arguments that mount the host's programs in the host's layout: merged into <c>/usr</c> by links, or not.</summary>
    public static IEnumerable<string> SystemPrograms()
    {
        List<string> arguments = ["--ro-bind", "/usr", "/usr"];
        foreach (string name in (string[])["bin", "sbin", "lib", "lib64", "lib32", "libx32"])
        {
            DirectoryInfo directory = new("/" + name);
            if (directory.LinkTarget is { } target)
            {
                arguments.AddRange(["--symlink", target, "/" + name]);
            }
            else if (directory.Exists)
            {
                arguments.AddRange(["--ro-bind", "/" + name, "/" + name]);
            }
        }

        return arguments;
    }

    private static bool HasLandlock(LaunchPlan plan) => plan.Has(IsolationFeatures.Landlock) && Landlock.IsAvailable;

    private static IEnumerable<string> Namespaces(LaunchPlan plan) =>
    [
        "--unshare-user", "--uid", "1000", "--gid", "1000",
        .. When(plan, IsolationFeatures.Processes, "--unshare-pid"),
        .. When(plan, IsolationFeatures.Network, "--unshare-net"),
        .. When(plan, IsolationFeatures.Names, "--unshare-ipc", "--unshare-uts", "--hostname", "sandbox", "--unshare-cgroup-try"),
        .. When(plan, IsolationFeatures.NoNesting, "--disable-userns"),
    ];

    private static IEnumerable<string> Privileges(LaunchPlan plan, int filterDescriptor) =>
    [
        "--new-session",
        .. When(plan, IsolationFeatures.NoCapabilities, "--cap-drop", "ALL"),
        .. When(plan, IsolationFeatures.SystemCalls, "--seccomp", $"{filterDescriptor}"),
    ];

    private static IEnumerable<string> Root(LaunchPlan plan) =>
    [
        "--size", SmallSize, "--perms", "0755", "--tmpfs", "/",
        .. SystemPrograms(),
        .. plan.Has(IsolationFeatures.ComposedRoot) ? (string[])[] : ["--ro-bind", "/", "/host"],
    ];

    private static IEnumerable<string> Etc(LaunchPlan plan) =>
    [
        "--size", SmallSize, "--perms", "0755", "--tmpfs", "/etc",
        .. EtcFiles.FromHost().SelectMany(name => (string[])["--ro-bind-try", "/etc/" + name, "/etc/" + name]),
        .. EtcFiles.For(plan.Agent.Etc, plan.Network).SelectMany(file => (string[])["--ro-bind", file.Path, "/etc/" + file.Name]),
        "--symlink", "/proc/self/mounts", "/etc/mtab",
        "--remount-ro", "/etc",
    ];

    private static IEnumerable<string> KernelFiles(LaunchPlan plan) =>
    [
        .. plan.Has(IsolationFeatures.Processes) ? (string[])["--proc", "/proc"] : ["--ro-bind", "/proc", "/proc"],
        .. When(plan, IsolationFeatures.MaskedKernelFiles, MaskedKernelFiles.Value),
        "--dev", "/dev", "--size", LargeSize, "--perms", "1777", "--tmpfs", "/dev/shm", "--remount-ro", "/dev",
    ];

    private static IEnumerable<string> Scratch() =>
    [
        "--size", LargeSize, "--perms", "1777", "--tmpfs", "/tmp",
        "--size", LargeSize, "--perms", "1777", "--tmpfs", "/var/tmp",
        "--size", SmallSize, "--perms", "0755", "--tmpfs", "/run",
        "--perms", "0700", "--dir", "/run/sandbox",
    ];

    private static IEnumerable<string> OwnFiles(SandboxDirectories directories) =>
    [
        "--bind", directories.Workspace, "/workspace",
        "--bind", directories.Home, "/home/sandbox",
        "--bind", directories.State, "/var/lib/sandbox",
    ];

    private static IEnumerable<string> Program(AgentProgram agent) =>
    [
        "--ro-bind", agent.Bin, "/opt/sandbox",
        .. agent.IsNative ? (string[])[] : ["--ro-bind", AgentProgram.DotnetRoot, "/opt/dotnet"],
    ];

    private static IEnumerable<string> Variables(LaunchPlan plan)
    {
        (string Name, string Value)[] variables =
        [
            ("PATH", SearchPath), ("HOME", "/home/sandbox"), ("USER", "sandbox"), ("LOGNAME", "sandbox"), ("SHELL", "/bin/bash"), ("LANG", "C.UTF-8"),
        ];

        // Without the first, .NET would watch the whole working directory for changed settings. The second collects short-lived objects of commands
        // after two megabytes (the value is hexadecimal).
        IEnumerable<(string Name, string Value)> agent = [("DOTNET_hostBuilder__reloadConfigOnChange", "false"), ("DOTNET_GCGen1MaxBudget", "200000")];

        // The diagnostic socket in /tmp would let code of the sandbox load a profiler into the agent.
        IEnumerable<(string Name, string Value)> managed =
            [("DOTNET_ROOT", "/opt/dotnet"), ("DOTNET_CLI_TELEMETRY_OPTOUT", "1"), ("DOTNET_EnableDiagnostics", "0")];
        return
        [
            .. When(plan, IsolationFeatures.CleanEnvironment, "--clearenv"),
            .. variables.Concat(agent).Concat(plan.Agent.IsNative ? [] : managed).SelectMany(variable => (string[])["--setenv", variable.Name, variable.Value]),
        ];
    }

    private static string[] When(LaunchPlan plan, IsolationFeatures feature, params string[] arguments) => plan.Has(feature) ? arguments : [];
}
