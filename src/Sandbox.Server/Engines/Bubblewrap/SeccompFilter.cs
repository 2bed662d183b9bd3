using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Sandbox.Server.Engines.Bubblewrap;

/// <summary>The seccomp filter: a classic BPF program over <c>struct seccomp_data</c>, see seccomp(2). It allows what <see cref="SystemCallTable"/> lists.
/// </summary>
internal static class SeccompFilter
{
    private const ushort LoadWord = 0x20; // BPF_LD | BPF_W | BPF_ABS
    private const ushort JumpIfEqual = 0x15; // BPF_JMP | BPF_JEQ | BPF_K
    private const ushort JumpIfAtLeast = 0x35; // BPF_JMP | BPF_JGE | BPF_K
    private const ushort JumpIfAnyBit = 0x45; // BPF_JMP | BPF_JSET | BPF_K
    private const ushort Return = 0x06; // BPF_RET | BPF_K

    private const uint Kill = 0x8000_0000;
    private const uint Allow = 0x7fff_0000;
    private const uint Errno = 0x0005_0000;
    private const uint NotPermitted = Errno | 1; // EPERM
    private const uint NotImplemented = Errno | 38; // ENOSYS
    private const uint NoSuchFamily = Errno | 97; // EAFNOSUPPORT

    private const uint NumberOffset = 0;
    private const uint ArchitectureOffset = 4;
    private const uint FirstArgumentOffset = 16;
    private const uint SecondArgumentOffset = 24;

    // CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET.
    private const uint CloneNewNamespace = 0x7E02_0000;

    // Input injection into another process's terminal: TIOCSTI, TIOCLINUX.
    private const uint FakeInput = 0x5412;
    private const uint ConsoleControl = 0x541C;

    // The kernel's cryptography, and sockets to the machine's hypervisor, which ignore network namespaces: AF_ALG, AF_VSOCK.
    private const uint CryptographySocket = 38;
    private const uint HypervisorSocket = 40;

    // PER_LINUX, PER_LINUX32, both with UNAME26, and the query of the present one.
    private static readonly uint[] Personalities = [0, 8, 0x2_0000, 0x2_0008, 0xffff_ffff];

    private static readonly Lazy<byte[]?> Own = new(() => SystemCallTable.Of(RuntimeInformation.ProcessArchitecture) is { } table ? Assemble(table) : null);

    /// <summary>Gets the filter for this machine, or null when there is none for its architecture.</summary>
    public static byte[]? OfThisMachine => Own.Value;

    /// <summary>Assembles the filter for an architecture.</summary>
    public static byte[] Assemble(SystemCallTable table)
    {
        List<Instruction> program =
        [
            new(LoadWord, 0, 0, ArchitectureOffset),
            new(JumpIfEqual, 1, 0, table.AuditArchitecture),
            new(Return, 0, 0, Kill),
            new(LoadWord, 0, 0, NumberOffset),
        ];
        if (table.ForeignBit != 0)
        {
            program.AddRange([new(JumpIfAnyBit, 0, 1, table.ForeignBit), new(Return, 0, 0, Kill)]);
        }

        program.AddRange(Check(table.Calls["clone"], FirstArgumentOffset, Allow, (JumpIfAnyBit, CloneNewNamespace, NotPermitted)));
        program.AddRange(Check(
            table.Calls["ioctl"], SecondArgumentOffset, Allow, (JumpIfEqual, FakeInput, NotPermitted), (JumpIfEqual, ConsoleControl, NotPermitted)));
        program.AddRange(Check(
            table.Calls["socket"], FirstArgumentOffset, Allow,
            (JumpIfEqual, CryptographySocket, NoSuchFamily), (JumpIfEqual, HypervisorSocket, NoSuchFamily)));
        program.AddRange(Check(
            table.Calls["personality"], FirstArgumentOffset, NotPermitted, [.. Personalities.Select(value => (JumpIfEqual, value, Allow))]));

        // The caller's own limits only (process 0): those of the agent would be in reach.
        program.AddRange(Check(table.Calls["prlimit64"], FirstArgumentOffset, NotPermitted, (JumpIfEqual, 0u, Allow)));
        program.AddRange(Search(RangesOf(table)));
        return Encode(program);
    }

    /// <summary>Decides about one call by the lower half of an argument.</summary>
    private static List<Instruction> Check(
        SystemCall call, uint argument, uint otherwise, params IReadOnlyList<(ushort Jump, uint Value, uint Verdict)> tests) =>
    [
        new(JumpIfEqual, 0, (byte)(2 + (2 * tests.Count)), call.Number),
        new(LoadWord, 0, 0, argument),
        .. tests.SelectMany(test => (Instruction[])[new(test.Jump, 0, 1, test.Value), new(Return, 0, 0, test.Verdict)]),
        new(Return, 0, 0, otherwise),
    ];

    /// <summary>Returns the ranges of numbers with one verdict, from 0 on; the last has no end.</summary>
    private static List<(uint First, uint Verdict)> RangesOf(SystemCallTable table)
    {
        Dictionary<uint, SystemCallRule> rules = table.Calls.Values.ToDictionary(call => call.Number, call => call.Rule);
        List<(uint First, uint Verdict)> ranges = [];
        for (uint call = 0; call <= rules.Keys.Max() + 1; call++)
        {
            uint verdict = !rules.TryGetValue(call, out SystemCallRule rule) ? NotImplemented : rule == SystemCallRule.Allow ? Allow : NotPermitted;
            if (ranges.Count == 0 || ranges[^1].Verdict != verdict)
            {
                ranges.Add((call, verdict));
            }
        }

        return ranges;
    }

    /// <summary>Returns a binary search, so that a call costs a few comparisons.</summary>
    private static List<Instruction> Search(List<(uint First, uint Verdict)> ranges)
    {
        if (ranges.Count == 1)
        {
            return [new(Return, 0, 0, ranges[0].Verdict)];
        }

        int middle = ranges.Count / 2;
        List<Instruction> below = Search(ranges[..middle]);
        return [new(JumpIfAtLeast, checked((byte)below.Count), 0, ranges[middle].First), .. below, .. Search(ranges[middle..])];
    }

    private static byte[] Encode(List<Instruction> program)
    {
        const int size = 8;
        byte[] bytes = new byte[program.Count * size];
        for (int i = 0; i < program.Count; i++)
        {
            Span<byte> target = bytes.AsSpan(i * size, size);
            BinaryPrimitives.WriteUInt16LittleEndian(target, program[i].Code);
            target[2] = program[i].IfTrue;
            target[3] = program[i].IfFalse;
            BinaryPrimitives.WriteUInt32LittleEndian(target[4..], program[i].Value);
        }

        return bytes;
    }

    /// <summary>struct sock_filter.</summary>
    private readonly record struct Instruction(ushort Code, byte IfTrue, byte IfFalse, uint Value);
}
