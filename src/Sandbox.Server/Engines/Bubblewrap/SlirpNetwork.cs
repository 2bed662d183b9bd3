using System.ComponentModel;
using System.Diagnostics;
using System.Text;
using Sandbox.Linux;
using Sandbox.Protocol;

namespace Sandbox.Server.Engines.Bubblewrap;

/// <summary>Joins a sandbox's network to the internet by slirp4netns, behind <see cref="NftablesRuleset"/>. Both stand before the first program runs in it.</summary>
internal static class SlirpNetwork
{
    private const string Device = "/dev/net/tun";
    private const int NetworkDescriptor = 3;
    private const int OwnerDescriptor = 4;
    private const int ReadyDescriptor = 5;
    private const int EndDescriptor = 6;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(15);

    /// <summary>What is missing on this host, if anything is.</summary>
    public static IsolationFailure? FindObstacle()
    {
        (string Program, string Package)[] needed = [("slirp4netns", "slirp4netns"), ("nft", "nftables"), ("nsenter", "util-linux")];
        foreach ((string program, string package) in needed.Where(tool => ExecutableLocator.Find(tool.Program) is null))
        {
            return IsolationFailure.Missing(program, package) with { Code = ErrorCodes.NetworkUnavailable };
        }

        try
        {
            using FileStream tun = new(Device, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite, bufferSize: 0);
            return null;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            string remedy = File.Exists(Device) ? $"Let this user use it: chmod 666 {Device}." : "Load the module 'tun', or ask for a container that has the device.";
            return new IsolationFailure($"This server cannot use {Device}, which joins sandboxes to the internet.", remedy) { Code = ErrorCodes.NetworkUnavailable };
        }
    }

    /// <summary>Joins a sandbox whose program has not started yet.</summary>
    /// <param name="init">The sandbox's init.</param>
    /// <param name="alive">A pipe that bubblewrap's outer process holds open for writing: the link ends with that process, whether a server runs or not.</param>
    /// <param name="log">Where the programs print to.</param>
    /// <param name="collector">Collects the link's process.</param>
    public static async Task<Result> StartAsync(int init, FileDescriptor alive, string log, ChildReaper collector)
    {
        if (FindObstacle() is { } obstacle)
        {
            return new Result(null, obstacle);
        }

        File.Delete(log);
        try
        {
            await WaitForUsersAsync(init);
            using FileDescriptor network = ProcessNamespace.OpenNetwork(init);
            using FileDescriptor owner = ProcessNamespace.OwnerOf(network);
            return await FilterAsync(network, owner, log) ?? await JoinAsync(network, owner, alive, log, collector);
        }
        catch (Exception failure) when (failure is Win32Exception or TimeoutException or IOException)
        {
            return new Result(null, IsolationFailure.OfNetwork("its network", failure.Message));
        }
    }

    /// <summary>bubblewrap tells of its child before that has given its user namespace its users.</summary>
    private static async Task WaitForUsersAsync(int init)
    {
        long start = Stopwatch.GetTimestamp();
        while (!ProcessNamespace.HasUsers(init))
        {
            if (Stopwatch.GetElapsedTime(start) > Limit)
            {
                throw new TimeoutException("bubblewrap did not give it its users");
            }

            await Task.Delay(1);
        }
    }

    /// <summary>Sets the rules; null when they stand.</summary>
    private static async Task<Result?> FilterAsync(FileDescriptor network, FileDescriptor owner, string log)
    {
        // Small enough to lie in the pipe until nft reads it.
        FileDescriptor.CreatePipe(out FileDescriptor rules, out FileDescriptor writer);
        using FileDescriptor input = rules;
        using (writer)
        {
            writer.WriteAll(Encoding.UTF8.GetBytes(NftablesRuleset.Write(NftablesRuleset.HostAddresses())));
        }

        // Root has rights over the namespace from outside; another user has them within the user namespace that he made.
        string[] asOwner = CurrentProcess.EffectiveUserId == 0 ? [] : [$"--user=/proc/self/fd/{OwnerDescriptor}", "--preserve-credentials"];
        using ChildProcess nft = Start("nsenter", [.. asOwner, $"--net=/proc/self/fd/{NetworkDescriptor}", "--", ExecutableLocator.Find("nft")!, "-f", "-"], log, new()
        {
            [0] = input,
            [NetworkDescriptor] = network,
            [OwnerDescriptor] = owner,
        });
        ExitStatus status = await WaitAsync(nft);
        return status.ExitCode == 0 ? null : new Result(null, IsolationFailure.OfNetwork("nft", Said(log)));
    }

    private static async Task<Result> JoinAsync(FileDescriptor network, FileDescriptor owner, FileDescriptor alive, string log, ChildReaper collector)
    {
        FileDescriptor.CreatePipe(out FileDescriptor readyReader, out FileDescriptor readyWriter);
        using FileDescriptor ready = readyReader;
        using FileDescriptor none = FileDescriptor.OpenNull();

        // Its own sandbox, an empty root and no capabilities, works for root alone (1.2 fails where one user is mapped).
        string[] rights = CurrentProcess.EffectiveUserId == 0 ? ["--enable-sandbox"] : [$"--userns-path=/proc/self/fd/{OwnerDescriptor}"];
        ProcessEntry? entry;
        using (readyWriter)
        {
            string[] arguments =
            [
                "--configure", "--mtu=65520", "--disable-host-loopback", "--enable-seccomp", .. rights,
                $"--ready-fd={ReadyDescriptor}", $"--exit-fd={EndDescriptor}", "--netns-type=path", $"/proc/self/fd/{NetworkDescriptor}", "tap0",
            ];
            ChildProcess slirp = Start("slirp4netns", arguments, log, new()
            {
                [0] = none,
                [NetworkDescriptor] = network,
                [OwnerDescriptor] = owner,
                [ReadyDescriptor] = readyWriter,
                [EndDescriptor] = alive,
            });
            entry = ProcessTable.Find(slirp.Id);
            collector.Add(slirp);
        }

        byte[] answer = new byte[1];
        if (entry is { } process && await Task.Run(() => ready.Read(answer)).WaitAsync(Limit) == 1)
        {
            return new Result(process, null);
        }

        return new Result(null, IsolationFailure.OfNetwork("slirp4netns", Said(log)));
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

    private static async Task<ExitStatus> WaitAsync(ChildProcess child)
    {
        using CancellationTokenSource limit = new(Limit);
        while (true)
        {
            if (child.TryWait() is { } status)
            {
                return status;
            }

            if (limit.IsCancellationRequested)
            {
                child.Send(Signal.KILL);
            }

            await Task.Delay(1);
        }
    }

    private static string Said(string log) => File.Exists(log) ? File.ReadAllText(log) : "";

    /// <summary>How it went: the link's process, or why there is none.</summary>
    /// <param name="Process">The link's process.</param>
    /// <param name="Failure">Why there is none.</param>
    internal sealed record Result(ProcessEntry? Process, IsolationFailure? Failure);
}
