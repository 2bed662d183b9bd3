using System.Net;

namespace Sandbox.Client;

/// <summary>Request content that is sent while it is produced. HttpContent of the framework buffers it.</summary>
/// <param name="source">Writes the body.</param>
/// <param name="length">The length, if known.</param>
internal sealed class PushStreamContent(Func<Stream, CancellationToken, Task> source, long? length = null) : HttpContent
{
    /// <inheritdoc />
    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => SerializeToStreamAsync(stream, context, CancellationToken.None);

    /// <inheritdoc />
    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken) =>
        source(stream, cancellationToken);

    /// <inheritdoc />
    protected override bool TryComputeLength(out long computed)
    {
        computed = length ?? 0;
        return length is not null;
    }
}
