using System.IO.Pipelines;
using System.Text.Json;
using Sandbox.Agent.Files;
using Sandbox.Protocol;

namespace Sandbox.Agent.Api;

/// <summary><c>GET …/watch</c>: changes as server-sent events, until the caller goes or what is watched is gone.</summary>
internal static class WatchRoute
{
    /// <summary>Serves a request.</summary>
    /// <param name="context">The request.</param>
    /// <param name="services">What it acts on.</param>
    public static async Task InvokeAsync(HttpContext context, AgentComposition services)
    {
        GlobPattern? filter = RequestPath.Text(context, "filter") is { Length: > 0 } pattern ? new GlobPattern(pattern) : null;
        string path = RequestPath.Query(context, services, "path");
        using FileWatcher watch = new(services.Loop, path, RequestPath.Flag(context, "recursive"), filter);
        CancellationToken cancellationToken = context.RequestAborted;
        PipeWriter writer = SseWriter.Begin(context.Response);
        writer.WriteEvent(WatchEvents.Watching, "{}"u8);
        await writer.FlushAsync(cancellationToken);
        while (!watch.HasEnded)
        {
            if (await watch.WaitAsync(SseWriter.HeartbeatInterval, cancellationToken))
            {
                foreach (FileChange change in watch.Read())
                {
                    writer.WriteEvent(WatchEvents.Change, JsonSerializer.SerializeToUtf8Bytes(change, ProtocolJson.Default.FileChange));
                }
            }
            else
            {
                writer.WriteHeartbeat();
            }

            await writer.FlushAsync(cancellationToken);
        }

        writer.WriteEvent(WatchEvents.Stopped, "{}"u8);
    }
}
