using System.IO.Pipelines;
using System.Text;
using Sandbox.Agent.Code;
using Sandbox.Protocol;

namespace Sandbox.Agent.Api;

/// <summary>Streams the events of a code run. Disconnecting cancels the run.</summary>
internal static class CodeStream
{
    private const int MaximumUnsent = 64 * 1024;

    public static async Task WriteAsync(HttpContext context, CodeContext codeContext, CodeRun run)
    {
        PipeWriter writer = SseWriter.Begin(context.Response);
        CancellationToken cancellationToken = context.RequestAborted;

        // Tells the client that the request was accepted; the run may have to wait for its turn.
        writer.WriteHeartbeat();
        await writer.FlushAsync(cancellationToken);
        Task running = codeContext.RunAsync(run, cancellationToken);
        try
        {
            while (await WaitAsync(run.Events, writer, cancellationToken))
            {
                // Bounded, so that code that prints faster than the client reads does not keep this loop from flushing.
                int unsent = 0;
                while (unsent < MaximumUnsent && run.Events.TryRead(out RunEvent next))
                {
                    bool isBytes = next.Name is CodeEvents.StandardOutput or CodeEvents.StandardError;
                    writer.WriteEvent(Encoding.ASCII.GetBytes(next.Name), next.Payload.Span, isBytes);
                    unsent += next.Payload.Length;
                }

                await writer.FlushAsync(cancellationToken);
            }
        }
        finally
        {
            run.Events.Abandon();
            await running;
        }
    }

    /// <summary>Waits for events and sends heartbeats meanwhile.</summary>
    private static async ValueTask<bool> WaitAsync(RunEvents events, PipeWriter writer, CancellationToken cancellationToken)
    {
        Task<bool> waiting = events.WaitAsync(cancellationToken).AsTask();
        while (true)
        {
            try
            {
                return await waiting.WaitAsync(SseWriter.HeartbeatInterval, cancellationToken);
            }
            catch (TimeoutException)
            {
                writer.WriteHeartbeat();
                await writer.FlushAsync(cancellationToken);
            }
        }
    }
}
