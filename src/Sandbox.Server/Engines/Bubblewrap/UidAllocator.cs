using System.Security.Cryptography;
using Sandbox.Linux;
using Sandbox.Server.Infrastructure;

namespace Sandbox.Server.Engines.Bubblewrap;

/// <summary>Gives each sandbox of a root server a host user of its own, by the sandbox's number. Other servers run sandboxes as their own user.</summary>
internal sealed class UidAllocator
{
    // Above every range that distributions and systemd use, below the kernel's special ids.
    private const uint LowestUid = 2_000_000_000;
    private const int Ranges = 8_900;

    private readonly uint? _first;

    /// <summary>Reads the home's range of users or, for a new home, chooses one at random, so that two root servers are unlikely to share one.</summary>
    public UidAllocator(ServerHome home)
    {
        if (home.IsRoot)
        {
            UidRange? range = AtomicFile.TryReadJson(home.UidsFile, BubblewrapJson.Default.UidRange, ServerLog.Write);
            if (range is null)
            {
                range = new UidRange(LowestUid + ((uint)RandomNumberGenerator.GetInt32(Ranges) * ServerHome.MaxSandboxes));
                AtomicFile.WriteJson(home.UidsFile, range, BubblewrapJson.Default.UidRange);
            }

            _first = range.FirstUserId;
        }
    }

    public uint UidOf(int number) => _first + (uint)number ?? CurrentProcess.EffectiveUserId;
}

/// <summary>The file <c>uids.json</c>.</summary>
internal sealed record UidRange(uint FirstUserId);
