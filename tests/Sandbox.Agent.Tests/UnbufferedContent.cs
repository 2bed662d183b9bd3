using System.IO.Pipelines;
using System.Net;

namespace Sandbox.Agent.Tests;

/// <summary>Request body that is sent unbuffered as it is written.</summary>
internal sealed class UnbufferedContent(PipeReader source) : HttpContent
{
    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        byte[] buffer = new byte[4096];
        Stream from = source.AsStream();
        int count;
        while ((count = await from.ReadAsync(buffer, cancellationToken)) > 0)
        {
            await stream.WriteAsync(buffer.AsMemory(0, count), cancellationToken);
            await stream.FlushAsync(cancellationToken);
        }
    }

    protected override bool TryComputeLength(out long length)
    {
        length = 0;
        return false;
    }
}
