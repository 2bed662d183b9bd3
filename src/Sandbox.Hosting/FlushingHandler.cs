using System.Net;
using Sandbox.Protocol;

namespace Sandbox.Hosting;

/// <summary>Flushes each part of a request body of unknown length, so that an interactive program receives it without delay.</summary>
/// <param name="next">Sends.</param>
internal sealed class FlushingHandler(HttpMessageHandler next) : DelegatingHandler(next)
{
    /// <inheritdoc />
    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        if (request.Content is { Headers.ContentLength: null } body)
        {
            request.Content = new FlushedContent(body);
        }

        return base.SendAsync(request, cancellationToken);
    }

    private sealed class FlushedContent : HttpContent
    {
        private readonly HttpContent _body;

        public FlushedContent(HttpContent body)
        {
            _body = body;
            foreach ((string name, IEnumerable<string> values) in body.Headers)
            {
                Headers.TryAddWithoutValidation(name, values);
            }
        }

        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
            SerializeToStreamAsync(stream, context, CancellationToken.None);

        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken) =>
            _body.CopyToAsync(new FlushedStream(stream), context, cancellationToken);

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }

        protected override void Dispose(bool disposing)
        {
            _body.Dispose();
            base.Dispose(disposing);
        }
    }

    private sealed class FlushedStream(Stream target) : SequentialStream
    {
        public override bool CanWrite => true;

        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            await target.WriteAsync(buffer, cancellationToken);
            await target.FlushAsync(cancellationToken);
        }
    }
}
