namespace Sandbox.Client.Tests;

/// <summary>A stream whose reads bring as little as a network may: each a given number of bytes.</summary>
/// <param name="bytes">What it holds.</param>
/// <param name="sizes">How much each read brings, over and over.</param>
internal sealed class ChoppedStream(byte[] bytes, IReadOnlyList<int> sizes) : MemoryStream(bytes)
{
    private int reads;

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        base.ReadAsync(buffer[..Math.Min(buffer.Length, sizes[reads++ % sizes.Count])], cancellationToken);
}
