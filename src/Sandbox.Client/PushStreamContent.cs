using System.Net;

namespace Sandbox.Client;

/// <summary>A request's body that is sent as it is made; the framework's own would wait for more.</summary>
/// <param name="source">Writes the body.</param>
/// <param name="length">How long it is, when that is known.</param>
internal sealed class PushStreamContent(Func<Stream, CancellationToken, Task> source, long? length = null) : HttpContent
{
    /// <inheritdoc />
    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => SerializeToStreamAsync(stream, context, CancellationToken.None);

    /// <inheritdoc />
    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken) => source(stream, cancellationToken);

    /// <inheritdoc />
    protected override bool TryComputeLength(out long computed)
    {
        computed = length ?? 0;
        return length is not null;
    }
}
