using System.Buffers;
using System.IO.Pipelines;
using System.Text;

namespace Sandbox.Agent.Api;

/// <summary>Server-sent events whose data is JSON.</summary>
internal static class EventWriting
{
    /// <summary>The longest silence of a stream.</summary>
    public static readonly TimeSpan HeartbeatInterval = TimeSpan.FromSeconds(15);

    /// <summary>Makes an answer a stream of events.</summary>
    /// <param name="response">The answer.</param>
    public static PipeWriter Begin(HttpResponse response)
    {
        response.ContentType = "text/event-stream";
        response.Headers.CacheControl = "no-cache";
        return response.BodyWriter;
    }

    /// <summary>Writes an event.</summary>
    /// <param name="writer">Where to.</param>
    /// <param name="type">Its name.</param>
    /// <param name="data">Its data: JSON, which is one line.</param>
    public static void WriteEvent(this PipeWriter writer, string type, ReadOnlySpan<byte> data)
    {
        writer.Write(Encoding.ASCII.GetBytes($"event: {type}\ndata: "));
        writer.Write(data);
        writer.Write("\n\n"u8);
    }

    /// <summary>Writes a comment, which says that the stream still lives.</summary>
    /// <param name="writer">Where to.</param>
    public static void WriteHeartbeat(this PipeWriter writer) => writer.Write(":\n\n"u8);
}
