using System.Buffers;
using System.IO.Pipelines;
using Sandbox.Protocol;

namespace Sandbox;

/// <summary>One command's input on its way: what is complete within a moment travels with the request, anything more as it comes.</summary>
/// <param name="source">What the pipeline gives.</param>
internal sealed class CommandInput(InputBuffer source)
{
    // As large as a pipe: beyond, a second request costs less than base64.
    private const int Small = 64 * 1024;

    private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(50);

    // What was there when the request was made, if that was not all.
    private byte[]? _begin;

    /// <summary>Adds the input to a request, or says in it that it follows.</summary>
    /// <param name="request">The request.</param>
    /// <param name="cancellationToken">Cancels the request.</param>
    public async Task<ExecRequest> AddToAsync(ExecRequest request, CancellationToken cancellationToken)
    {
        source.HoldBack(true);
        using CancellationTokenSource moment = new(Moment);
        ReadResult read;
        await using (moment.Token.UnsafeRegister(static reader => ((PipeReader)reader!).CancelPendingRead(), source.Reader))
        {
            read = await source.Reader.ReadAtLeastAsync(Small, cancellationToken);
        }

        if (read.IsCompleted)
        {
            return request with { Stdin = read.Buffer.ToArray() };
        }

        // More is still to come. What is there is taken: after a read that was cancelled, the next one waits for something new.
        _begin = read.Buffer.ToArray();
        source.Reader.AdvanceTo(read.Buffer.End);
        return request with { StdinOpen = true };
    }

    /// <summary>Sends what follows, to its end.</summary>
    /// <param name="target">Where the command runs.</param>
    /// <param name="commandId">The command.</param>
    /// <param name="cancellationToken">Ends the input.</param>
    public async Task SendAsync(SandboxTarget target, string commandId, CancellationToken cancellationToken)
    {
        if (_begin is not null)
        {
            await target.Client.SendInputAsync(target.SandboxId, commandId, CopyAsync, cancellationToken);
        }
    }

    /// <summary>Says whether the command could read, or waits for its turn.</summary>
    /// <param name="hasTurn">Whether it has its turn.</param>
    public void HoldBack(bool hasTurn) => source.HoldBack(hasTurn);

    /// <summary>Drops what is still to come.</summary>
    public void Close() => source.Close();

    private async Task CopyAsync(Stream stream, CancellationToken cancellationToken)
    {
        await stream.WriteAsync(_begin, cancellationToken);
        await stream.FlushAsync(cancellationToken);
        source.Take(_begin!.Length);
        while (true)
        {
            ReadResult read = await source.Reader.ReadAsync(cancellationToken);
            foreach (ReadOnlyMemory<byte> part in read.Buffer)
            {
                await stream.WriteAsync(part, cancellationToken);
            }

            await stream.FlushAsync(cancellationToken);
            long count = read.Buffer.Length;
            source.Reader.AdvanceTo(read.Buffer.End);
            source.Take(count);
            if (read.IsCompleted)
            {
                return;
            }
        }
    }
}
