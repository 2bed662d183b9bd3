using System.IO.Pipelines;
using System.Text;
using Sandbox.Agent.Code;
using Sandbox.Protocol;

namespace Sandbox.Agent.Api;

/// <summary>Answers a request with what code tells while it runs, to its end. The code goes with its reader.</summary>
internal static class CodeStream
{
    private const int MostUnsent = 64 * 1024;

    /// <summary>Runs code and answers with its events.</summary>
    /// <param name="context">The request.</param>
    /// <param name="place">Where it runs.</param>
    /// <param name="run">The code.</param>
    public static async Task WriteAsync(HttpContext context, CodeContext place, CodeRun run)
    {
        PipeWriter writer = SseWriter.Begin(context.Response);
        CancellationToken cancellationToken = context.RequestAborted;

        // The caller learns that the code was taken, which may have to wait for its turn.
        writer.WriteHeartbeat();
        await writer.FlushAsync(cancellationToken);
        Task running = place.RunAsync(run, cancellationToken);
        try
        {
            while (await WaitAsync(run.Events, writer, cancellationToken))
            {
                // As many as there are in one write; code that prints faster than we send does not keep them here.
                int unsent = 0;
                while (unsent < MostUnsent && run.Events.TryRead(out RunEvent next))
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

    /// <summary>Waits for more, and says that we are still here when nothing comes for a while.</summary>
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
