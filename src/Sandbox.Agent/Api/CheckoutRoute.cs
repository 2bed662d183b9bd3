using System.IO.Pipelines;
using System.Text.Json;
using System.Threading.Channels;
using Sandbox.Agent.Files;
using Sandbox.Agent.Git;
using Sandbox.Agent.Sessions;
using Sandbox.Linux;
using Sandbox.Protocol;

namespace Sandbox.Agent.Api;

/// <summary><c>POST …/git/checkout</c>: sends progress and the result as server-sent events. A failure before any progress is an ordinary error
/// response.</summary>
internal static class CheckoutRoute
{
    /// <summary>Handles a request. The checkout is cancelled when the client disconnects.</summary>
    public static async Task InvokeAsync(HttpContext context, SessionRegistry sessions, EventLoop loop, UnfinishedFiles unfinished)
    {
        CheckoutRequest request = await JsonBody.ReadAsync(context, ProtocolJson.Default.CheckoutRequest);
        (string directory, EnvironmentSnapshot variables) = sessions.SnapshotOf(sessions.Find(context.SessionId()));
        Checkout checkout = Checkout.Prepare(request, loop, unfinished, WorkingDirectory.Require(directory), variables.Values);

        // A slow reader needs only the latest progress.
        Channel<CheckoutProgress> progress = Channel.CreateBounded<CheckoutProgress>(
            new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropOldest });
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted);
        Task<CheckoutResult> work = checkout.RunAsync(line => progress.Writer.TryWrite(line), stop.Token);
        PipeWriter? writer = null;
        try
        {
            writer = await FollowAsync(context, work, progress.Reader);
            CheckoutResult result = await work;
            writer ??= SseWriter.Begin(context.Response);
            writer.WriteEvent(CheckoutEvents.Done, JsonSerializer.SerializeToUtf8Bytes(result, ProtocolJson.Default.CheckoutResult));
        }
        catch (ApiException exception) when (writer is not null)
        {
            writer.WriteEvent(
                CheckoutEvents.Error,
                JsonSerializer.SerializeToUtf8Bytes(exception.ToBody(context.Request.Headers[ApiHeaders.RequestId]), ProtocolJson.Default.ErrorBody));
        }
        finally
        {
            await stop.CancelAsync();
            await ((Task)work).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private static async Task<PipeWriter?> FollowAsync(HttpContext context, Task work, ChannelReader<CheckoutProgress> progress)
    {
        PipeWriter? writer = null;
        Task<bool> more = progress.WaitToReadAsync(context.RequestAborted).AsTask();
        while (!work.IsCompleted)
        {
            using CancellationTokenSource silence = new();
            Task first = await Task.WhenAny(work, more, Task.Delay(SseWriter.HeartbeatInterval, silence.Token));
            await silence.CancelAsync();
            if (first == work)
            {
                break;
            }

            writer ??= SseWriter.Begin(context.Response);
            if (first == more)
            {
                await more;
                while (progress.TryRead(out CheckoutProgress? current))
                {
                    writer.WriteEvent(CheckoutEvents.Progress, JsonSerializer.SerializeToUtf8Bytes(current, ProtocolJson.Default.CheckoutProgress));
                }

                more = progress.WaitToReadAsync(context.RequestAborted).AsTask();
            }
            else
            {
                writer.WriteHeartbeat();
            }

            await writer.FlushAsync(context.RequestAborted);
        }

        return writer;
    }
}
