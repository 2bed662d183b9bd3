using System.Buffers;
using System.IO.Pipelines;
using System.Text;
using System.Text.Json;
using Sandbox.Agent.Files;
using Sandbox.Protocol;

namespace Sandbox.Agent.Api;

/// <summary><c>GET …/watch</c>: changes as server-sent events, until the caller goes or what is watched is gone.</summary>
internal static class WatchRoute
{
    private static readonly TimeSpan HeartbeatInterval = TimeSpan.FromSeconds(15);

    /// <summary>Serves a request.</summary>
    /// <param name="context">The request.</param>
    /// <param name="services">What it acts on.</param>
    public static async Task InvokeAsync(HttpContext context, AgentServices services)
    {
        GlobPattern? filter = RequestPath.Text(context, "filter") is { Length: > 0 } pattern ? new GlobPattern(pattern) : null;
        string path = RequestPath.Query(context, services, "path");
        using TreeWatch watch = new(services.Loop, path, RequestPath.Flag(context, "recursive"), filter);
        CancellationToken gone = context.RequestAborted;
        context.Response.ContentType = "text/event-stream";
        context.Response.Headers.CacheControl = "no-cache";
        PipeWriter writer = context.Response.BodyWriter;
        Write(writer, WatchEvents.Watching, "{}"u8);
        await writer.FlushAsync(gone);
        while (!watch.HasEnded)
        {
            if (await watch.WaitAsync(HeartbeatInterval, gone))
            {
                foreach (FileChange change in watch.Read())
                {
                    Write(writer, WatchEvents.Change, JsonSerializer.SerializeToUtf8Bytes(change, ProtocolJson.Default.FileChange));
                }
            }
            else
            {
                writer.Write(":\n\n"u8);
            }

            await writer.FlushAsync(gone);
        }

        Write(writer, WatchEvents.Stopped, "{}"u8);
    }

    private static void Write(PipeWriter writer, string type, ReadOnlySpan<byte> data)
    {
        writer.Write(Encoding.ASCII.GetBytes($"event: {type}\ndata: "));
        writer.Write(data);
        writer.Write("\n\n"u8);
    }
}
