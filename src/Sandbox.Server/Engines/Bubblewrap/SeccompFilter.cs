using System.Buffers.Binary;

namespace Sandbox.Server.Engines.Bubblewrap;

/// <summary>The seccomp filter: a classic BPF program over <c>struct seccomp_data</c>. See seccomp(2).</summary>
internal static class SeccompFilter
{
    private const ushort LoadWord = 0x20; // BPF_LD | BPF_W | BPF_ABS
    private const ushort JumpIfEqual = 0x15; // BPF_JMP | BPF_JEQ | BPF_K
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

    // Sockets to the machine's hypervisor ignore network namespaces: AF_VSOCK.
    private const uint HypervisorSocket = 40;

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

        foreach (uint call in table.Denied)
        {
            program.AddRange([new(JumpIfEqual, 0, 1, call), new(Return, 0, 0, NotPermitted)]);
        }

        // Its flags are in memory, which a filter cannot read. C libraries fall back to clone.
        program.AddRange([new(JumpIfEqual, 0, 1, table.Clone3Call), new(Return, 0, 0, NotImplemented)]);
        AddArgumentRule(program, table.CloneCall, FirstArgumentOffset, NotPermitted, new Instruction(JumpIfAnyBit, 0, 1, CloneNewNamespace));
        AddArgumentRule(program, table.IoControlCall, SecondArgumentOffset, NotPermitted,
            new Instruction(JumpIfEqual, 0, 1, FakeInput), new Instruction(JumpIfEqual, 0, 1, ConsoleControl));
        AddArgumentRule(program, table.SocketCall, FirstArgumentOffset, NoSuchFamily, new Instruction(JumpIfEqual, 0, 1, HypervisorSocket));
        program.Add(new Instruction(Return, 0, 0, Allow));
        return Encode(program);
    }

    /// <summary>Refuses one call when a test of an argument's lower half is true, and allows it otherwise.</summary>
    private static void AddArgumentRule(List<Instruction> program, uint call, uint argument, uint refusal, params ReadOnlySpan<Instruction> tests)
    {
        int length = 1 + (2 * tests.Length) + 1;
        program.Add(new Instruction(JumpIfEqual, 0, (byte)length, call));
        program.Add(new Instruction(LoadWord, 0, 0, argument));
        foreach (Instruction test in tests)
        {
            program.Add(test);
            program.Add(new Instruction(Return, 0, 0, refusal));
        }

        program.Add(new Instruction(Return, 0, 0, Allow));
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
