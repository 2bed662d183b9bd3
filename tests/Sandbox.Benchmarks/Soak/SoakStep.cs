using Sandbox.Protocol;

namespace Sandbox.Benchmarks.Soak;

/// <summary>What ends a step's command.</summary>
internal enum Ending
{
    /// <summary>Its text.</summary>
    Itself,

    /// <summary>Its time limit.</summary>
    TimeLimit,

    /// <summary>A signal, sent when it has printed all that it prints.</summary>
    Cancel,
}

/// <summary>One command of a soak, and all that must come of it.</summary>
/// <param name="Kind">What it tries.</param>
/// <param name="Request">The command.</param>
/// <param name="Output">The bytes of its standard output.</param>
internal sealed record SoakStep(string Kind, ExecRequest Request, byte[] Output)
{
    /// <summary>The bytes of its standard error.</summary>
    public byte[] Error { get; init; } = [];

    /// <summary>Its exit code; null where a stop decides.</summary>
    public int? ExitCode { get; init; } = 0;

    /// <summary>What it reads, sent as a stream.</summary>
    public byte[]? Input { get; init; }

    /// <summary>What ends it.</summary>
    public Ending Ending { get; init; }

    /// <summary>Whether its shell ends with it.</summary>
    public bool EndsShell { get; init; }
}
