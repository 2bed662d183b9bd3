using Sandbox.Protocol;

namespace Sandbox;

/// <summary>How much output of its commands and processes a sandbox keeps: <c>@{ Commands = 100; BytesPerCommand = 1MB }</c>. Other values keep their
/// defaults.</summary>
public sealed class SandboxRetention
{
    /// <summary>Bytes of output per command; the oldest are discarded. Default: 64 MiB.</summary>
    public long? BytesPerCommand { get; set; }

    /// <summary>Number of ended commands and processes. Default: 1,000.</summary>
    public int? Commands { get; set; }

    /// <summary>Bytes of output of all ended commands and processes. Default: 1 GiB.</summary>
    public long? Bytes { get; set; }

    /// <summary>The age limit in seconds after the exit. Default: one week.</summary>
    public double? AgeSeconds { get; set; }

    internal Retention ToWire() => new() { BytesPerCommand = BytesPerCommand, Commands = Commands, Bytes = Bytes, AgeSeconds = AgeSeconds };
}
