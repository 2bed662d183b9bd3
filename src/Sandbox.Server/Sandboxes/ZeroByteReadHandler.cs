using System.Net;
using Sandbox.Protocol;

namespace Sandbox.Server.Sandboxes;

/// <summary>Answers zero-byte reads of response bodies at once, so that bodies are read in large pieces.</summary>
/// <remarks>The forwarder waits for data by a zero-byte read, to hold no buffer meanwhile. The framework then fills a buffer of 4 KB and returns
/// all data in pieces of that size, each of which is forwarded separately. Buffers for waiting responses cost less.</remarks>
internal sealed class ZeroByteReadHandler(HttpMessageHandler next) : DelegatingHandler(next)
{
    /// <inheritdoc />
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        HttpResponseMessage response = await base.SendAsync(request, cancellationToken);
        if (response.StatusCode != HttpStatusCode.SwitchingProtocols && response.Content.Headers.ContentLength is null)
        {
            HttpContent content = new StreamContent(new Body(await response.Content.ReadAsStreamAsync(cancellationToken)));
            foreach ((string name, IEnumerable<string> values) in response.Content.Headers)
            {
                content.Headers.TryAddWithoutValidation(name, values);
            }

            response.Content = content;
        }

        return response;
    }

    private sealed class Body(Stream inner) : ReadOnlyStream
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            buffer.IsEmpty ? new(0) : inner.ReadAsync(buffer, cancellationToken);

        protected override void Dispose(bool disposing)
        {
            inner.Dispose();
            base.Dispose(disposing);
        }
    }
}
