using System.Globalization;
using Sandbox.Protocol;

namespace Sandbox.Client;

/// <summary>A stream over a sandbox file. A broken connection is resumed while the file is unchanged; a premature end is an error.</summary>
public sealed class SandboxFileStream : ReadOnlyStream
{
    private readonly Func<long, long?, string?, CancellationToken, Task<HttpResponseMessage>> _request;
    private readonly Backoff _backoff;
    private readonly string _server;
    private readonly long _begin;
    private readonly ClientTimeouts _limits;
    private ResponseStream _body;
    private long _position;

    private SandboxFileStream(
        string server,
        Func<long, long?, string?, CancellationToken, Task<HttpResponseMessage>> request,
        HttpResponseMessage response, Stream body, long offset, ClientTimeouts limits)
    {
        (_server, _request, _limits, _backoff) = (server, request, limits, new(limits.Resume));
        _body = new(server, response, body, limits.Idle);
        Size = long.TryParse(Header(response, FileHeaders.Size), NumberStyles.None, CultureInfo.InvariantCulture, out long size)
            ? size
            : response.Content.Headers.ContentLength ?? 0;
        BodyLength = response.Content.Headers.ContentLength;
        ETag = Header(response, "ETag");
        Mode = Header(response, FileHeaders.Mode);
        ModifiedAt = DateTimeOffset.TryParse(
            Header(response, FileHeaders.ModifiedAt), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset time) ? time : null;
        _begin = offset < 0 ? Math.Max(0, Size + offset) : offset;
    }

    /// <summary>The size of the whole file.</summary>
    public long Size { get; }

    /// <summary>The number of bytes of the response; null if unknown, as for <c>/proc</c>.</summary>
    public long? BodyLength { get; }

    /// <summary>The file's version.</summary>
    public string? ETag { get; }

    /// <summary>Its permissions, octal.</summary>
    public string? Mode { get; }

    /// <summary>When its content changed.</summary>
    public DateTimeOffset? ModifiedAt { get; }

    /// <inheritdoc />
    public override long Position
    {
        get => _position;
        set => throw new NotSupportedException();
    }

    /// <inheritdoc />
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (true)
        {
            try
            {
                int count = await _body.ReadAsync(buffer, cancellationToken);
                if (count == 0 && buffer.Length > 0 && _position < BodyLength)
                {
                    throw new ConnectionLostException(_server);
                }

                _position += count;
                _backoff.Restart();
                return count;
            }
            catch (ConnectionLostException) when (BodyLength is not null && ETag is not null)
            {
                if (!await _backoff.WaitAsync(cancellationToken))
                {
                    throw;
                }

                await ReopenAsync(cancellationToken);
            }
        }
    }

    /// <summary>Opens a file.</summary>
    /// <param name="server">The server's address.</param>
    /// <param name="request">Creates a request for an offset, a length and a version.</param>
    /// <param name="offset">The start offset; a negative number counts from the end.</param>
    /// <param name="length">The maximum number of bytes; null for all.</param>
    /// <param name="limits">The timeouts.</param>
    /// <param name="cancellationToken">Cancels the request.</param>
    internal static async Task<SandboxFileStream> OpenAsync(
        string server,
        Func<long, long?, string?, CancellationToken, Task<HttpResponseMessage>> request,
        long offset, long? length, ClientTimeouts limits, CancellationToken cancellationToken)
    {
        HttpResponseMessage response = await request(offset, length, null, cancellationToken);
        return new(server, request, response, await response.Content.ReadAsStreamAsync(cancellationToken), offset, limits);
    }

    /// <inheritdoc />
    protected override void Dispose(bool disposing)
    {
        _body.Dispose();
        base.Dispose(disposing);
    }

    private async Task ReopenAsync(CancellationToken cancellationToken)
    {
        await _body.DisposeAsync();
        while (true)
        {
            try
            {
                HttpResponseMessage response = await _request(_begin + _position, BodyLength - _position, ETag, cancellationToken);
                _body = new(_server, response, await response.Content.ReadAsStreamAsync(cancellationToken), _limits.Idle);
                return;
            }
            catch (Exception e) when (Backoff.IsConnectionFailure(e))
            {
                // The server may be restarting.
                if (!await _backoff.WaitAsync(cancellationToken))
                {
                    throw;
                }
            }
        }
    }

    private static string? Header(HttpResponseMessage response, string name) =>
        response.Headers.NonValidated.TryGetValues(name, out System.Net.Http.Headers.HeaderStringValues values) ? values.ToString() : null;
}
