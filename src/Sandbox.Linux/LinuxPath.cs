using System.Text;

namespace Sandbox.Linux;

/// <summary>A path as the kernel takes it: any bytes but zero.</summary>
public readonly struct LinuxPath
{
    private readonly byte[] terminated;

    /// <summary>Creates a path.</summary>
    /// <param name="bytes">Its bytes, without a closing zero.</param>
    public LinuxPath(ReadOnlySpan<byte> bytes) => terminated = [.. bytes, 0];

    /// <summary>The bytes.</summary>
    public ReadOnlySpan<byte> Bytes => terminated.AsSpan(..^1);

    internal byte[] Terminated => terminated;

    /// <summary>The path for people.</summary>
    public override string ToString() => Encoding.UTF8.GetString(Bytes);
}
