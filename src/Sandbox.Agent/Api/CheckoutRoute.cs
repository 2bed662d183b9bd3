using System.IO.Pipelines;
using System.Text.Json;
using System.Threading.Channels;
using Sandbox.Agent.Git;
using Sandbox.Agent.Sessions;
using Sandbox.Linux;
using Sandbox.Protocol;

namespace Sandbox.Agent.Api;

/// <summary><c>POST …/git/checkout</c>: progress and the end as server-sent events. What fails before there was any progress is an ordinary failed answer.</summary>
internal static class CheckoutRoute
{
    /// <summary>Serves a request. When its caller goes, the work is given up.</summary>
    /// <param name="context">The request.</param>
    public static async Task InvokeAsync(HttpContext context, SessionRegistry sessions, EventLoop loop)
    {
        CheckoutRequest request = await JsonBody.ReadAsync(context, ProtocolJson.Default.CheckoutRequest);
        (string directory, EnvironmentSnapshot variables) = sessions.SnapshotOf(sessions.Find(context.SessionId()));
        Checkout checkout = Checkout.Prepare(request, loop, directory, variables.Values);

        // Of progress only the latest matters to a slow reader.
        Channel<CheckoutProgress> progress = Channel.CreateBounded<CheckoutProgress>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropOldest });
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
            writer.WriteEvent(CheckoutEvents.Error, JsonSerializer.SerializeToUtf8Bytes(exception.ToBody(context.Request.Headers[ApiHeaders.RequestId]), ProtocolJson.Default.ErrorBody));
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
