using Sandbox.Protocol;

namespace Sandbox.Benchmarks.Soak;

/// <summary>How the command of a step is ended.</summary>
internal enum Ending
{
    /// <summary>It exits by itself.</summary>
    Itself,

    /// <summary>By its time limit.</summary>
    TimeLimit,

    /// <summary>By a signal, sent after its last output.</summary>
    Cancel,
}

/// <summary>One command of the soak test and its expected result.</summary>
/// <param name="Kind">The kind of command, for the counters.</param>
/// <param name="Output">The expected standard output.</param>
internal sealed record SoakStep(string Kind, ExecRequest Request, byte[] Output)
{
    /// <summary>Gets the expected standard error.</summary>
    public byte[] Error { get; init; } = [];

    /// <summary>Gets the expected exit code; null where it depends on when the command was stopped.</summary>
    public int? ExitCode { get; init; } = 0;

    /// <summary>Gets the input, sent as a stream.</summary>
    public byte[]? Input { get; init; }

    public Ending Ending { get; init; }

    /// <summary>Gets whether the shell ends with the command.</summary>
    public bool EndsShell { get; init; }
}
