namespace Sandbox.Client.Tests;

/// <summary>Stream whose reads return at most given numbers of bytes, as from a network.</summary>
/// <param name="sizes">The sizes of the reads, repeated.</param>
internal sealed class SplitReadStream(byte[] bytes, IReadOnlyList<int> sizes) : MemoryStream(bytes)
{
    private int _reads;

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        base.ReadAsync(buffer[..Math.Min(buffer.Length, sizes[_reads++ % sizes.Count])], cancellationToken);
}
