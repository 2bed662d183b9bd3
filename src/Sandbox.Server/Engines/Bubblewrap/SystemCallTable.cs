using System.Globalization;
using System.Runtime.InteropServices;

namespace Sandbox.Server.Engines.Bubblewrap;

/// <summary>The system calls that the filter knows on one architecture, from <c>SystemCalls.tsv</c>.</summary>
/// <param name="AuditArchitecture">The kernel's AUDIT_ARCH_… constant.</param>
/// <param name="ForeignBit">Calls with this bit belong to a second calling convention (x32), 0 where there is none.</param>
/// <param name="Calls">The calls by name.</param>
internal sealed record SystemCallTable(uint AuditArchitecture, uint ForeignBit, IReadOnlyDictionary<string, SystemCall> Calls)
{
    private const string Resource = "SystemCalls.tsv";
    private const string Missing = "-";

    /// <summary>Returns the table of an architecture, or null when there is none.</summary>
    public static SystemCallTable? Of(Architecture architecture) => architecture switch
    {
        Architecture.X64 => new(0xC000_003E, 0x4000_0000, ReadCalls(column: 1)),
        Architecture.Arm64 => new(0xC000_00B7, 0, ReadCalls(column: 2)),
        _ => null,
    };

    private static Dictionary<string, SystemCall> ReadCalls(int column)
    {
        using StreamReader reader = new(typeof(SystemCallTable).Assembly.GetManifestResourceStream(Resource)!);
        return reader.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Where(line => !line.StartsWith('#'))
            .Select(line => line.Split('\t'))
            .Where(fields => fields[column] != Missing)
            .ToDictionary(fields => fields[0], fields => new SystemCall(uint.Parse(fields[column], CultureInfo.InvariantCulture), RuleOf(fields[^1])));
    }

    private static SystemCallRule RuleOf(string text) => text switch
    {
        "allow" => SystemCallRule.Allow,
        "check" => SystemCallRule.Check,
        "deny" => SystemCallRule.Deny,
        _ => throw new InvalidDataException($"'{text}' in {Resource} is no rule."),
    };
}

/// <summary>A system call.</summary>
/// <param name="Number">Its number, from the kernel's tables.</param>
/// <param name="Rule">What the filter does with it.</param>
internal readonly record struct SystemCall(uint Number, SystemCallRule Rule);

/// <summary>What the filter does with a system call. Those without a rule do not exist for a sandbox (ENOSYS).</summary>
internal enum SystemCallRule
{
    /// <summary>It is allowed with any arguments.</summary>
    Allow,

    /// <summary>Its arguments decide.</summary>
    Check,

    /// <summary>It is "not permitted" (EPERM), as without the capability that it needs.</summary>
    Deny,
}
