using Sandbox.Protocol;

namespace Sandbox.Client;

/// <summary>The body of a response as a stream. A broken connection throws <see cref="ConnectionLostException"/> and is never an end of stream.</summary>
/// <param name="server">The server's address.</param>
/// <param name="response">The response, which is disposed with the stream.</param>
/// <param name="body">Its body.</param>
/// <param name="idleLimit">The idle timeout.</param>
internal sealed class ResponseStream(string server, HttpResponseMessage response, Stream body, TimeSpan idleLimit) : ReadOnlyStream
{
    private readonly IdleTimeoutStream _body = new(body, idleLimit);

    /// <inheritdoc />
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        try
        {
            return await _body.ReadAsync(buffer, cancellationToken);
        }
        catch (Exception e) when (e is IOException or HttpRequestException or TimeoutException && !cancellationToken.IsCancellationRequested)
        {
            throw new ConnectionLostException(server, e);
        }
    }

    /// <inheritdoc />
    protected override void Dispose(bool disposing)
    {
        _body.Dispose();
        response.Dispose();
        base.Dispose(disposing);
    }
}
