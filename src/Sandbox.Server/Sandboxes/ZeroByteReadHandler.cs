using System.Net;

namespace Sandbox.Server.Sandboxes;

/// <summary>Answers whose bodies can be read in large pieces.</summary>
/// <remarks>The forwarder waits for more with an empty read, to hold no memory meanwhile. The framework answers that one from a buffer of 4 KB, and then has all there is to give in pieces of that size,
/// each sent on by itself. Memory for those who wait costs less than that.</remarks>
/// <param name="next">Sends.</param>
internal sealed class ZeroByteReadHandler(HttpMessageHandler next) : DelegatingHandler(next)
{
    /// <inheritdoc/>
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

    /// <summary>A body that does not wait when nothing is asked for.</summary>
    private sealed class Body(Stream inner) : Stream
    {
        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            buffer.IsEmpty ? new(0) : inner.ReadAsync(buffer, cancellationToken);

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override void Flush() => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        protected override void Dispose(bool disposing)
        {
            if (disposing)
            {
                inner.Dispose();
            }

            base.Dispose(disposing);
        }
    }
}
