using System.ComponentModel;
using System.Diagnostics;
using System.Text;
using Sandbox.Linux;
using Sandbox.Protocol;
using Sandbox.Server.Infrastructure;

namespace Sandbox.Server.Engines.Bubblewrap;

/// <summary>Connects a sandbox to the internet by slirp4netns, behind <see cref="NftablesRuleset"/>, before the first program runs in it.</summary>
internal static class SlirpNetwork
{
    private const string Device = "/dev/net/tun";
    private const int NetworkDescriptor = 3;
    private const int OwnerDescriptor = 4;
    private const int ReadyDescriptor = 5;
    private const int ExitDescriptor = 6;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(15);

    /// <summary>Returns what is missing on this host, or null.</summary>
    public static IsolationException? FindObstacle()
    {
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
    /// <param name="init">The sandbox's init.</param>
    /// <param name="status">The reading end of a pipe that bubblewrap's outer process holds open: slirp4netns exits with that process.</param>
    /// <param name="log">The file for the programs' output.</param>
    /// <returns>The process of slirp4netns.</returns>
    /// <exception cref="IsolationException">It cannot be connected on this host.</exception>
    public static async Task<ProcessIdentity> StartAsync(int init, FileDescriptor status, string log)
    {
        if (FindObstacle() is { } obstacle)
        {
            throw obstacle;
        }

        File.Delete(log);
        try
        {
            await WaitForUidMapAsync(init);
            using FileDescriptor network = ProcessNamespace.OpenNetwork(init);
            using FileDescriptor owner = ProcessNamespace.OwnerOf(network);
            await ApplyRulesetAsync(network, owner, log);
            return await ConnectAsync(network, owner, status, log);
        }
        catch (Exception exception) when (exception is Win32Exception or TimeoutException or IOException)
        {
            throw IsolationException.ForNetwork("its network", exception.Message);
        }
    }

    /// <summary>Waits until bubblewrap has mapped users, which may be after it has reported its child. The kernel has no event for that.</summary>
    private static async Task WaitForUidMapAsync(int init)
    {
        long start = Stopwatch.GetTimestamp();
        while (!ProcessNamespace.HasUsers(init))
        {
            if (Stopwatch.GetElapsedTime(start) > Limit)
            {
                throw new TimeoutException("bubblewrap did not map the sandbox's users");
            }

            await Task.Delay(1);
        }
    }

    private static async Task ApplyRulesetAsync(FileDescriptor network, FileDescriptor owner, string log)
    {
        // The rules fit into the pipe's buffer until nft reads them.
        FileDescriptor.CreatePipe(out FileDescriptor rules, out FileDescriptor writer);
        using FileDescriptor input = rules;
        using (writer)
        {
            writer.WriteAll(Encoding.UTF8.GetBytes(NftablesRuleset.Write(NftablesRuleset.HostAddresses())));
        }

        // Root has privileges in the namespace from outside; another user has them within the user namespace that it created.
        string[] asOwner = CurrentProcess.EffectiveUserId == 0 ? [] : [$"--user=/proc/self/fd/{OwnerDescriptor}", "--preserve-credentials"];
        string[] arguments = [.. asOwner, $"--net=/proc/self/fd/{NetworkDescriptor}", "--", ExecutableLocator.Find("nft")!, "-f", "-"];
        using ChildProcess nft = Start("nsenter", arguments, log, new()
        {
            [0] = input,
            [NetworkDescriptor] = network,
            [OwnerDescriptor] = owner,
        });
        try
        {
            await SharedEventLoop.WaitForExitAsync(nft.Handle, Limit);
        }
        catch (TimeoutException)
        {
            nft.Send(Signal.KILL);
            await SharedEventLoop.WaitForExitAsync(nft.Handle, Timeout.InfiniteTimeSpan);
        }

        if (nft.TryWait() is not { ExitCode: 0 })
        {
            throw IsolationException.ForNetwork("nft", ReadLog(log));
        }
    }

    private static async Task<ProcessIdentity> ConnectAsync(FileDescriptor network, FileDescriptor owner, FileDescriptor status, string log)
    {
        FileDescriptor.CreatePipe(out FileDescriptor readyReader, out FileDescriptor readyWriter);
        using FileDescriptor ready = readyReader;
        using FileDescriptor none = FileDescriptor.OpenNull();

        // slirp4netns can isolate itself only as root: version 1.2 fails where a single user is mapped.
        string[] privileges = CurrentProcess.EffectiveUserId == 0 ? ["--enable-sandbox"] : [$"--userns-path=/proc/self/fd/{OwnerDescriptor}"];
        ProcessEntry? entry;
        using (readyWriter)
        {
            string[] arguments =
            [
                "--configure", "--mtu=65520", "--disable-host-loopback", "--enable-seccomp", .. privileges,
                $"--ready-fd={ReadyDescriptor}", $"--exit-fd={ExitDescriptor}", "--netns-type=path", $"/proc/self/fd/{NetworkDescriptor}", "tap0",
            ];
            ChildProcess slirp = Start("slirp4netns", arguments, log, new()
            {
                [0] = none,
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

    private static ChildProcess Start(string program, IReadOnlyList<string> arguments, string log, Dictionary<int, FileDescriptor> descriptors)
    {
        using FileDescriptor output = FileDescriptor.OpenLog(log);
        return ChildProcess.Start(new ChildProcessOptions
        {
            Path = ExecutableLocator.Find(program)!,
            Arguments = arguments,
            Environment = new Dictionary<string, string>(),
            WorkingDirectory = "/",
            Descriptors = new Dictionary<int, FileDescriptor>(descriptors) { [1] = output, [2] = output },
        });
    }

    private static string ReadLog(string log) => File.Exists(log) ? File.ReadAllText(log) : "";
}
