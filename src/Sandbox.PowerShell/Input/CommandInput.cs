using System.Buffers;
using System.IO.Pipelines;
using Sandbox.Client;
using Sandbox.Protocol;

namespace Sandbox;

/// <summary>The input of one command: short input is part of the request, longer input is streamed.</summary>
/// <param name="source">The buffered pipeline input.</param>
internal sealed class CommandInput(InputBuffer source)
{
    // As large as a pipe: beyond, a second request costs less than base64.
    private const int Small = 64 * 1024;

    private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(50);

    // The items at the time of the request, if the list is incomplete.
    private byte[]? _begin;

    /// <summary>Adds the input to a request, or marks it as streamed.</summary>
    public async Task<ExecRequest> AddToAsync(ExecRequest request, CancellationToken cancellationToken)
    {
        source.HoldBack(true);
        using CancellationTokenSource moment = new(Moment);
        ReadResult read;
        await using (moment.Token.UnsafeRegister(static reader => ((PipeReader)reader!).CancelPendingRead(), source.Reader))
        {
            read = await source.Reader.ReadAtLeastAsync(Small, cancellationToken);
        }

        if (read.IsCompleted && read.Buffer.Length <= Small)
        {
            return request with { Stdin = read.Buffer.ToArray() };
        }

        // More may follow. Consume the data: after a cancelled read, the next one waits for new data.
        _begin = read.Buffer.ToArray();
        source.Reader.AdvanceTo(read.Buffer.End);
        return request with { StdinOpen = true };
    }

    /// <summary>Sends what follows, to its end.</summary>
    /// <param name="command">The command.</param>
    /// <param name="cancellationToken">Ends the input.</param>
    public async Task SendAsync(ProcessHandle command, CancellationToken cancellationToken)
    {
        if (_begin is not null)
        {
            await command.SendInputAsync(CopyAsync, cancellationToken);
        }
    }

    /// <summary>Sets whether the command runs or is queued.</summary>
    /// <param name="hasTurn">Whether the command is running.</param>
    public void HoldBack(bool hasTurn) => source.HoldBack(hasTurn);

    /// <summary>Discards the rest of the input.</summary>
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
