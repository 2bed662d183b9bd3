using System.Security.Cryptography;
using Sandbox.Linux;
using Sandbox.Server.Infrastructure;
using Sandbox.Server.Sandboxes;

namespace Sandbox.Server.Engines.Bubblewrap;

/// <summary>Gives each sandbox a number and, below a root server, a host user of its own. Neither is given again while files of it exist.</summary>
internal sealed class UidAllocator
{
    // Above every range that distributions and systemd give away, below its own special ones.
    private const uint FirstOfAll = 2_000_000_000;
    private const int NumbersPerHome = 16_384;
    private const int Homes = 8_900;

    private readonly Lock gate = new();
    private readonly ServerHome home;
    private UidRecord record;

    /// <summary>Reads or begins the record. Each home takes a block of users at random, so that two root servers are unlikely to share one.</summary>
    /// <param name="home">Where it lies.</param>
    public UidAllocator(ServerHome home)
    {
        this.home = home;
        record = AtomicFile.TryRead(home.NumbersFile, RecordJson.Default.UidRecord)
            ?? new UidRecord(FirstOfAll + ((uint)RandomNumberGenerator.GetInt32(Homes) * NumbersPerHome), 1);
    }

    /// <summary>Takes a number that no sandbox's directory has.</summary>
    public int Take()
    {
        lock (gate)
        {
            for (int tried = 0; tried < NumbersPerHome; tried++)
            {
                int number = record.Next;
                record = record with { Next = number + 1 < NumbersPerHome ? number + 1 : 1 };
                if (!Directory.Exists(home.SandboxDirectory(number)))
                {
                    AtomicFile.Write(home.NumbersFile, record, RecordJson.Default.UidRecord);
                    return number;
                }
            }

            throw new IOException($"This server keeps {NumbersPerHome} sandboxes and can keep no more. Remove some.");
        }
    }

    /// <summary>The host's user for a number.</summary>
    /// <param name="number">The sandbox's number.</param>
    public uint UserOf(int number) => home.IsRoot ? record.FirstUserId + (uint)number : CurrentProcess.EffectiveUserId;
}
