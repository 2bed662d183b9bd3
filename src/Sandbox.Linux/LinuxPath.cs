using System.Text;

namespace Sandbox.Linux;

/// <summary>A path as the kernel takes it: any bytes except zero.</summary>
public readonly struct LinuxPath(ReadOnlySpan<byte> bytes)
{
    public ReadOnlySpan<byte> Bytes => Terminated.AsSpan(..^1);

    internal byte[] Terminated { get; } = [.. bytes, 0];

    /// <summary>Returns the path for messages.</summary>
    public override string ToString() => Encoding.UTF8.GetString(Bytes);
}
