using System.Runtime.CompilerServices;
using Sandbox.Protocol;

namespace Sandbox.Client;

/// <summary>Streams the events of a command or process. A broken connection is resumed at the last byte received. Disposing does not stop the
/// command.</summary>
public sealed class CommandReader : IDisposable
{
    private static readonly TimeSpan FinishLimit = TimeSpan.FromMilliseconds(200);

    private readonly string _server;
    private readonly ClientTimeouts _limits;
    private readonly Func<OutputCursor, CancellationToken, Task<HttpResponseMessage>> _resume;
    private readonly Backoff _backoff;
    private HttpResponseMessage _response;
    private Exception? _failure;

    /// <summary>Creates a reader of a response.</summary>
    /// <param name="server">The server's address, for errors.</param>
    /// <param name="limits">The timeouts.</param>
    /// <param name="response">The response.</param>
    /// <param name="from">The cursor to start from.</param>
    /// <param name="resume">Requests the output from a cursor on.</param>
    internal CommandReader(
        string server, ClientTimeouts limits, HttpResponseMessage response, OutputCursor from,
        Func<OutputCursor, CancellationToken, Task<HttpResponseMessage>> resume) =>
        (_server, _limits, _response, Cursor, _resume, _backoff) = (server, limits, response, from, resume, new(limits.Resume));

    /// <summary>The cursor after the output read so far.</summary>
    public OutputCursor Cursor { get; private set; }

    /// <summary>Streams the events; the last one is <see cref="CommandExit"/>, or <see cref="EndOfAvailableOutput"/> without following. Reads only on
    /// demand.</summary>
    /// <param name="cancellationToken">Cancels reading.</param>
    /// <exception cref="ApiException">The command cannot be run or streamed.</exception>
    /// <exception cref="ConnectionLostException">The connection broke and could not be resumed.</exception>
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

                    // Null is an event type unknown to this version.
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

    // Read to the end of the response, which follows the last event, so that the connection can be reused.
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
            // The exit is known already, so losing the connection does not matter.
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
                // The server retains no output, or has discarded the output of this command.
                throw new ConnectionLostException(_server, e);
            }
        }

        throw new ConnectionLostException(_server, _failure);
    }

    /// <summary>Reads the next event. Returns the default, and stores the exception, when the connection broke.</summary>
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
