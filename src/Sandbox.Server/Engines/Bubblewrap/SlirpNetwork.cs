using System.ComponentModel;
using System.Text;
using Sandbox.Linux;
using Sandbox.Protocol;
using Sandbox.Server.Infrastructure;

namespace Sandbox.Server.Engines.Bubblewrap;

/// <summary>Connects a sandbox to the internet by slirp4netns, behind <see cref="NftablesRuleset"/>, before the first program runs in it.</summary>
/// <remarks>
/// slirp4netns reads what the sandbox sends, outside of the sandbox's network. It runs as the sandbox's user, in the sandbox's user namespace, and in
/// mount and process namespaces of its own in which the file of name servers is the only one.
/// </remarks>
internal static class SlirpNetwork
{
    private const string Device = "/dev/net/tun";
    private const UnixFileMode UsedByAll = UnixFileMode.OtherRead | UnixFileMode.OtherWrite;
    private const int NetworkDescriptor = 3;
    private const int OwnerDescriptor = 4;
    private const int ReadyDescriptor = 5;
    private const int ExitDescriptor = 6;
    private static readonly string[] Capabilities = ["CAP_SYS_ADMIN", "CAP_NET_ADMIN", "CAP_SETPCAP", "CAP_NET_BIND_SERVICE"];
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(15);

    /// <summary>Returns what is missing on this host, or null.</summary>
    /// <param name="addresses">The file with the host's addresses.</param>
    public static IsolationException? FindObstacle(string addresses = NftablesRuleset.AddressFile)
    {
        if (!File.Exists(addresses))
        {
            return new IsolationException($"This host does not list its own addresses in {addresses}, so they cannot be closed to sandboxes.",
                "Mount /proc without the option subset=pid, or ask for the network 'none'.", ErrorCodes.NetworkUnavailable);
        }

        (string Program, string Package)[] needed = [("slirp4netns", "slirp4netns"), ("nft", "nftables"), ("nsenter", "util-linux")];
        foreach ((string program, string package) in needed.Where(tool => ExecutableLocator.Find(tool.Program) is null))
        {
            return IsolationException.MissingProgram(program, package, ErrorCodes.NetworkUnavailable);
        }

        try
        {
            using FileStream tun = new(Device, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite, bufferSize: 0);
            return null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            string remedy = File.Exists(Device)
                ? $"Let this user use it: chmod 666 {Device}."
                : "Load the module 'tun', or ask for a container that has the device.";
            return new IsolationException($"This server cannot use {Device}, which connects sandboxes to the internet.", remedy, ErrorCodes.NetworkUnavailable);
        }
    }

    /// <summary>Connects a sandbox whose program has not started yet.</summary>
    /// <param name="plan">The launch.</param>
    /// <param name="init">The sandbox's init.</param>
    /// <param name="status">The reading end of a pipe that bubblewrap's outer process holds open: slirp4netns exits with that process.</param>
    /// <returns>The process of slirp4netns.</returns>
    /// <exception cref="IsolationException">It cannot be connected on this host.</exception>
    public static async Task<ProcessIdentity> StartAsync(LaunchPlan plan, int init, FileDescriptor status)
    {
        if (FindObstacle() is { } obstacle)
        {
            throw obstacle;
        }

        try
        {
            await ProcessNamespace.WaitForUsersAsync(init, Limit);
            using FileDescriptor network = ProcessNamespace.Open(init, "net");
            using FileDescriptor owner = ProcessNamespace.OwnerOf(network);

            // At once, to save time: nothing runs in the sandbox yet.
            Task rules = ApplyRulesetAsync(network, owner, plan.Rules);
            Task<ProcessIdentity> connection = ConnectAsync(plan, network, owner, status);
            await Task.WhenAll(rules, connection);
            return await connection;
        }
        catch (Exception exception) when (exception is Win32Exception or TimeoutException or IOException)
        {
            throw IsolationException.ForNetwork("its network", exception.Message);
        }
    }

    /// <summary>Replaces the rules of a connected sandbox.</summary>
    public static async Task RenewRulesAsync(int init, string rules)
    {
        using FileDescriptor network = ProcessNamespace.Open(init, "net");
        using FileDescriptor owner = ProcessNamespace.OwnerOf(network);
        await ApplyRulesetAsync(network, owner, rules);
    }

    private static async Task ApplyRulesetAsync(FileDescriptor network, FileDescriptor owner, string rules)
    {
        // The rules fit into the pipe's buffer until nft reads them.
        FileDescriptor.CreatePipe(out FileDescriptor input, out FileDescriptor writer);
        using FileDescriptor reader = input;
        using (writer)
        {
            writer.WriteAll(Encoding.UTF8.GetBytes(rules));
        }

        // Root has privileges in the namespace from outside; another user has them within the user namespace that it created.
        string[] asOwner = CurrentProcess.EffectiveUserId == 0 ? [] : [$"--user=/proc/self/fd/{OwnerDescriptor}", "--preserve-credentials"];
        string[] arguments = [.. asOwner, $"--net=/proc/self/fd/{NetworkDescriptor}", "--", ExecutableLocator.Find("nft")!, "-f", "-"];
        (int exitCode, string output) = await NamespaceTool.RunAsync(arguments, Limit, new()
        {
            [0] = reader,
            [NetworkDescriptor] = network,
            [OwnerDescriptor] = owner,
        });
        if (exitCode != 0)
        {
            throw IsolationException.ForNetwork("nft", output);
        }
    }

    private static async Task<ProcessIdentity> ConnectAsync(LaunchPlan plan, FileDescriptor network, FileDescriptor owner, FileDescriptor status)
    {
        string log = plan.Directories.NetworkLog;
        File.Delete(log);
        FileDescriptor.CreatePipe(out FileDescriptor readyReader, out FileDescriptor readyWriter);
        using FileDescriptor ready = readyReader;
        using FileDescriptor none = FileDescriptor.OpenNull();

        ProcessEntry? entry;
        using (readyWriter)
        using (FileDescriptor output = FileDescriptor.OpenLog(log))
        {
            string[] arguments =
            [
                .. Confinement(plan),
                "--configure", "--mtu=65520", "--disable-host-loopback", "--enable-seccomp",
                $"--ready-fd={ReadyDescriptor}", $"--exit-fd={ExitDescriptor}", "--netns-type=path", $"/proc/self/fd/{NetworkDescriptor}", "tap0",
            ];
            ChildProcess slirp = NamespaceTool.Start(arguments, new()
            {
                [0] = none,
                [1] = output,
                [2] = output,
                [NetworkDescriptor] = network,
                [OwnerDescriptor] = owner,
                [ReadyDescriptor] = readyWriter,
                [ExitDescriptor] = status,
            });
            entry = ProcessTable.Find(slirp.Id);
            _ = SharedEventLoop.ReapAsync(slirp);
        }

        string answer = await SharedEventLoop.ReadAsync(ready, static _ => true, Limit);
        return answer.Length > 0 && entry is { } process ? ProcessIdentity.Of(process) : throw IsolationException.ForNetwork("slirp4netns", ReadLog(log));
    }

    /// <summary>Returns the arguments of <c>nsenter</c> that run slirp4netns; its other arguments follow.</summary>
    private static IEnumerable<string> Confinement(LaunchPlan plan)
    {
        if (!plan.Has(IsolationFeatures.ConfinedNetwork))
        {
            return [.. CurrentProcess.EffectiveUserId == 0 ? [] : NamespaceTool.EnterUser(OwnerDescriptor), "--", ExecutableLocator.Find("slirp4netns")!];
        }

        // slirp4netns gives up all capabilities but one when it has opened the network; it needs directories for its own root.
        const string program = "/slirp4netns";
        return
        [
            .. NamespaceTool.EnterUser(OwnerDescriptor), "--", ExecutableLocator.Find("bwrap")!,
            "--unshare-pid", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try", "--new-session", "--as-pid-1",
            "--cap-drop", "ALL", .. Capabilities.SelectMany(name => (string[])["--cap-add", name]),
            .. BubblewrapArguments.SystemPrograms(),
            "--ro-bind", ExecutableLocator.Find("slirp4netns")!, program,
            "--dir", "/tmp", "--dir", "/run", "--ro-bind", plan.Resolver, "/etc",
            "--proc", "/proc", "--dev-bind", "/dev/null", "/dev/null", "--dev-bind", DeviceFor(plan), Device,
            "--", program, "--enable-sandbox",
        ];
    }

    /// <summary>Returns a tun device that the sandbox's user may open.</summary>
    private static string DeviceFor(LaunchPlan plan)
    {
        if (plan.UserId is null || (File.GetUnixFileMode(Device) & UsedByAll) == UsedByAll)
        {
            return Device;
        }

        // Some hosts leave the device to root. Whoever may open one can still do nothing with it outside of a network namespace of its own.
        string copy = Path.Combine(plan.Agent.Directory, "tun");
        if (!File.Exists(copy))
        {
            const byte major = 10, minor = 200;
            FileSystem.MakeDevice(copy, major, minor, UsedByAll | UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }

        return copy;
    }

    private static string ReadLog(string log) => File.Exists(log) ? File.ReadAllText(log) : "";
}
