using System.Runtime.CompilerServices;
using Sandbox.Protocol;

namespace Sandbox.Client;

/// <summary>A command or process, followed. A connection that breaks is taken up again where it broke. Letting go of it does not end the command.</summary>
public sealed class CommandReader : IDisposable
{
    private static readonly TimeSpan FinishLimit = TimeSpan.FromMilliseconds(200);

    private readonly string _server;
    private readonly ClientTimeouts _limits;
    private readonly Func<OutputCursor, CancellationToken, Task<HttpResponseMessage>> _resume;
    private readonly Backoff _backoff;
    private HttpResponseMessage _response;
    private Exception? _failure;

    /// <summary>Creates a reader of an answer.</summary>
    /// <param name="server">The server's address, for errors.</param>
    /// <param name="limits">How long it waits for what.</param>
    /// <param name="response">The answer.</param>
    /// <param name="from">Where in the output it begins.</param>
    /// <param name="resume">Asks for the rest, from a place on.</param>
    internal CommandReader(
        string server, ClientTimeouts limits, HttpResponseMessage response, OutputCursor from, Func<OutputCursor, CancellationToken, Task<HttpResponseMessage>> resume) =>
        (_server, _limits, _response, Cursor, _resume, _backoff) = (server, limits, response, from, resume, new(limits.Resume));

    /// <summary>The place in the output behind what has been read.</summary>
    public OutputCursor Cursor { get; private set; }

    /// <summary>What the command does, as it does it; the last event is its <see cref="CommandExit"/>, or <see cref="EndOfAvailableOutput"/> for one who does not wait. Reads only as fast as it is asked.</summary>
    /// <param name="cancellationToken">Stops the reading.</param>
    /// <exception cref="ApiException">The command could not be run or followed.</exception>
    /// <exception cref="ConnectionLostException">The stream broke and could not be taken up again.</exception>
    public async IAsyncEnumerable<CommandEvent> ReadAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        while (true)
        {
            Stream? body = await TryAsync(() => _response.Content.ReadAsStreamAsync(cancellationToken), cancellationToken);
            if (body is not null)
            {
                await using IdleTimeoutStream limited = new(body, _limits.Idle);
                await using IAsyncEnumerator<CommandEvent?> events = ReadEvents(limited, cancellationToken).GetAsyncEnumerator(cancellationToken);
                while (await TryAsync(() => events.MoveNextAsync().AsTask(), cancellationToken))
                {
                    _backoff.Restart();

                    // An event of a kind this release does not know is null.
                    if (events.Current is { } current && Count(current) is { } counted)
                    {
                        yield return counted;
                        if (counted is CommandExit or EndOfAvailableOutput)
                        {
                            await FinishAsync(limited, cancellationToken);
                            yield break;
                        }
                    }
                }
            }

            _response.Dispose();
            _response = await ResumeAsync(cancellationToken);
        }
    }

    /// <inheritdoc />
    public void Dispose() => _response.Dispose();

    // A connection can be used again when its answer was read to the end, which is right behind the last event.
    private static async Task FinishAsync(Stream body, CancellationToken cancellationToken)
    {
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(FinishLimit);
        try
        {
            await body.ReadAtLeastAsync(new byte[1], 1, throwOnEndOfStream: false, limit.Token);
        }
        catch (Exception e) when (e is OperationCanceledException or IOException or HttpRequestException or TimeoutException)
        {
            // The command's end is known; a connection is cheap.
        }
    }

    private CommandEvent? Count(CommandEvent current)
    {
        OutputCursor before = Cursor;
        switch (current)
        {
            case CommandOutput output:
                Cursor = before.Plus(output.Channel == OutputChannel.Output ? FrameKind.StandardOutput : FrameKind.StandardError, output.Data.Length);
                return output;
            case OutputGap gap:
                Cursor = gap.Next;
                long missing = gap.Next.StandardOutput - before.StandardOutput + gap.Next.StandardError - before.StandardError;
                return missing > 0 ? new OutputGap(gap.Next) { Missing = missing } : null;
            default:
                return current;
        }
    }

    private IAsyncEnumerable<CommandEvent?> ReadEvents(Stream body, CancellationToken cancellationToken) =>
        _response.Content.Headers.ContentType?.MediaType == CommandFrame.MediaType
            ? FrameFormat.ReadAsync(body, cancellationToken)
            : EventStreamFormat.ReadAsync(body, cancellationToken);

    private async Task<HttpResponseMessage> ResumeAsync(CancellationToken cancellationToken)
    {
        while (await _backoff.WaitAsync(cancellationToken))
        {
            try
            {
                return await _resume(Cursor, cancellationToken);
            }
            catch (Exception e) when (Backoff.IsTransient(e))
            {
                _failure = e;
            }
            catch (ApiException e) when (e.Code is ErrorCodes.ProcessNotFound or ErrorCodes.RouteNotFound or ErrorCodes.MethodNotAllowed)
            {
                // The server does not keep output, or has forgotten this one's.
                throw new ConnectionLostException(_server, e);
            }
        }

        throw new ConnectionLostException(_server, _failure);
    }

    /// <summary>Reads on; the default, and the failure kept, where the connection broke.</summary>
    private async Task<T?> TryAsync<T>(Func<Task<T>> read, CancellationToken cancellationToken)
    {
        try
        {
            return await read();
        }
        catch (Exception e) when (e is IOException or HttpRequestException or TimeoutException or FormatException or System.Text.Json.JsonException
            && !cancellationToken.IsCancellationRequested)
        {
            _failure = e;
            return default;
        }
    }
}
