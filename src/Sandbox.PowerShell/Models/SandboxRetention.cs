using Sandbox.Protocol;

namespace Sandbox;

/// <summary>How much a sandbox keeps of what its commands and processes print: <c>@{ Commands = 100; BytesPerCommand = 1MB }</c>. What is not set has its usual value.</summary>
public sealed class SandboxRetention
{
    /// <summary>How many bytes of one command's output; 64 MiB usually. The oldest fall out when nobody reads.</summary>
    public long? BytesPerCommand { get; set; }

    /// <summary>How many that have ended; 1,000 usually.</summary>
    public int? Commands { get; set; }

    /// <summary>How many bytes of output of all that have ended; 1 GiB usually.</summary>
    public long? Bytes { get; set; }

    /// <summary>The age limit in seconds after the exit. Default: one week.</summary>
    public double? AgeSeconds { get; set; }

    internal Retention ToWire() => new() { BytesPerCommand = BytesPerCommand, Commands = Commands, Bytes = Bytes, AgeSeconds = AgeSeconds };
}
