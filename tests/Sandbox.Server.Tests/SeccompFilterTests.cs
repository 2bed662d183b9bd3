using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text.RegularExpressions;
using Sandbox.Server.Engines.Bubblewrap;

namespace Sandbox.Server.Tests;

/// <summary>The filter of system calls, interpreted as the kernel would. <see cref="IsolationTests"/> tries it in sandboxes.</summary>
public sealed partial class SeccompFilterTests
{
    private const uint Kill = 0x8000_0000;
    private const uint Allow = 0x7fff_0000;
    private const uint NotPermitted = 0x0005_0001;
    private const uint NotImplemented = 0x0005_0026;
    private const uint NoSuchFamily = 0x0005_0061;

    [Theory]
    [InlineData(Architecture.X64)]
    [InlineData(Architecture.Arm64)]
    public void Calls_are_allowed_only_by_the_list(Architecture architecture)
    {
        (SystemCallTable table, byte[] filter) = FilterOf(architecture);
        Dictionary<uint, SystemCallRule> rules = table.Calls.Values.ToDictionary(call => call.Number, call => call.Rule);
        for (uint call = 0; call < 1024; call++)
        {
            uint expected = !rules.TryGetValue(call, out SystemCallRule rule) ? NotImplemented : rule == SystemCallRule.Deny ? NotPermitted : Allow;
            if (rule != SystemCallRule.Check)
            {
                Assert.Equal((call, expected), (call, Run(filter, table, call)));
            }
        }

        Assert.Equal(NotImplemented, Run(filter, table, 0x3fff_ffff));
    }

    [Theory]
    [InlineData("clone", 0x0000_0011, 0, Allow)] // SIGCHLD: fork
    [InlineData("clone", 0x003d_0f00, 0, Allow)] // a thread
    [InlineData("clone", 0x1000_0011, 0, NotPermitted)] // CLONE_NEWUSER
    [InlineData("clone", 0x0002_0000, 0, NotPermitted)] // CLONE_NEWNS
    [InlineData("ioctl", 0, 0x5413, Allow)] // TIOCGWINSZ
    [InlineData("ioctl", 0, 0x5412, NotPermitted)] // TIOCSTI
    [InlineData("ioctl", 0, 0x541c, NotPermitted)] // TIOCLINUX
    [InlineData("socket", 1, 1, Allow)] // AF_UNIX
    [InlineData("socket", 38, 5, NoSuchFamily)] // AF_ALG
    [InlineData("socket", 40, 1, NoSuchFamily)] // AF_VSOCK
    [InlineData("personality", 0xffff_ffff, 0, Allow)]
    [InlineData("personality", 0, 0, Allow)]
    [InlineData("personality", 0x0004_0000, 0, NotPermitted)] // ADDR_NO_RANDOMIZE
    [InlineData("personality", 0x0040_0000, 0, NotPermitted)] // READ_IMPLIES_EXEC
    [InlineData("prlimit64", 0, 7, Allow)]
    [InlineData("prlimit64", 2, 7, NotPermitted)]
    public void Arguments_decide_about_some_calls(string name, uint first, uint second, uint expected)
    {
        foreach (Architecture architecture in (Architecture[])[Architecture.X64, Architecture.Arm64])
        {
            (SystemCallTable table, byte[] filter) = FilterOf(architecture);
            Assert.Equal(SystemCallRule.Check, table.Calls[name].Rule);
            Assert.Equal((architecture, expected), (architecture, Run(filter, table, table.Calls[name].Number, first, second)));
        }
    }

    [Fact]
    public void Programs_of_other_architectures_are_killed()
    {
        (SystemCallTable x64, byte[] filter) = FilterOf(Architecture.X64);
        (SystemCallTable arm64, byte[] armFilter) = FilterOf(Architecture.Arm64);
        Assert.Equal(Kill, Run(filter, arm64, 0));
        Assert.Equal(Kill, Run(armFilter, x64, 0));
        Assert.Equal(Kill, Run(filter, x64 with { AuditArchitecture = 0x4000_0003 }, 0)); // i386
        Assert.Equal(Kill, Run(filter, x64, 0x4000_0000)); // x32
        Assert.Null(SystemCallTable.Of(Architecture.LoongArch64));
    }

    [Theory]
    [InlineData(Architecture.X64)]
    [InlineData(Architecture.Arm64)]
    public void Call_costs_few_instructions(Architecture architecture)
    {
        (SystemCallTable table, byte[] filter) = FilterOf(architecture);
        const int limit = 24;
        Assert.All(Enumerable.Range(0, 512), call => Assert.InRange(Trace(filter, table, (uint)call, 0, 0).Instructions, 1, limit));
    }

    [Theory]
    [InlineData(Architecture.X64, "asm/unistd_64.h")]
    [InlineData(Architecture.Arm64, "asm-generic/unistd.h")]
    public void Numbers_are_those_of_the_kernel(Architecture architecture, string header)
    {
        string? path = ((string[])["/usr/include/", "/usr/include/x86_64-linux-gnu/"]).Select(directory => directory + header).FirstOrDefault(File.Exists);
        Assert.SkipWhen(path is null, $"NOT TESTED: the numbers of system calls on {architecture}, since '{header}' is not installed here.");
        Dictionary<string, uint> known = Definition().Matches(File.ReadAllText(path))
            .GroupBy(match => match.Groups["name"].Value)
            .ToDictionary(group => group.Key, group => uint.Parse(group.First().Groups["number"].Value, System.Globalization.CultureInfo.InvariantCulture));
        Dictionary<string, SystemCall> calls = new(SystemCallTable.Of(architecture)!.Calls);

        // Its end, and a name of 32-bit machines.
        known.Remove("syscalls");
        if (known.Remove("fstatat", out uint number))
        {
            known["newfstatat"] = number;
        }

        // The header may be older than the list.
        Assert.All(calls.Where(call => call.Value.Number <= known.Values.Max()), call => Assert.Equal(known[call.Key], call.Value.Number));
        Assert.Equal(calls.Count, calls.Values.Select(call => call.Number).Distinct().Count());
        Assert.True(calls.Count > 280, $"{calls.Count} calls");
    }

    private static (SystemCallTable Table, byte[] Filter) FilterOf(Architecture architecture)
    {
        SystemCallTable table = SystemCallTable.Of(architecture)!;
        return (table, SeccompFilter.Assemble(table));
    }

    private static uint Run(byte[] filter, SystemCallTable table, uint call, uint first = 0, uint second = 0) =>
        Trace(filter, table, call, first, second).Verdict;

    /// <summary>Interprets the filter as seccomp(2) describes, and counts the instructions.</summary>
    private static (uint Verdict, int Instructions) Trace(byte[] filter, SystemCallTable table, uint call, uint first, uint second)
    {
        // struct seccomp_data.
        Span<byte> data = stackalloc byte[64];
        BinaryPrimitives.WriteUInt32LittleEndian(data, call);
        BinaryPrimitives.WriteUInt32LittleEndian(data[4..], table.AuditArchitecture);
        BinaryPrimitives.WriteUInt32LittleEndian(data[16..], first);
        BinaryPrimitives.WriteUInt32LittleEndian(data[24..], second);

        uint accumulator = 0;
        for (int position = 0, count = 1; ; position++, count++)
        {
            ReadOnlySpan<byte> instruction = filter.AsSpan(position * 8, 8);
            uint value = BinaryPrimitives.ReadUInt32LittleEndian(instruction[4..]);
            int JumpIf(bool condition, ReadOnlySpan<byte> targets) => targets[condition ? 2 : 3];
            switch (BinaryPrimitives.ReadUInt16LittleEndian(instruction))
            {
                case 0x20:
                    accumulator = BinaryPrimitives.ReadUInt32LittleEndian(data[(int)value..]);
                    break;
                case 0x15:
                    position += JumpIf(accumulator == value, instruction);
                    break;
                case 0x35:
                    position += JumpIf(accumulator >= value, instruction);
                    break;
                case 0x45:
                    position += JumpIf((accumulator & value) != 0, instruction);
                    break;
                case 0x06:
                    return (value, count);
                default:
                    throw new InvalidDataException("Unknown instruction.");
            }
        }
    }

    [GeneratedRegex(@"^#define __NR(?:3264)?_(?<name>\w+)\s+(?<number>\d+)", RegexOptions.Multiline)]
    private static partial Regex Definition();
}
