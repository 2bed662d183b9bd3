using System.Buffers;
using System.Buffers.Text;
using System.IO.Pipelines;
using System.Text;

namespace Sandbox.Agent.Api;

/// <summary>Server-sent events. See the HTML standard, 9.2 "Server-sent events".</summary>
internal static class SseWriter
{
    /// <summary>The content type of a stream of events.</summary>
    public const string MediaType = "text/event-stream";

    /// <summary>The longest silence of a stream.</summary>
    public static readonly TimeSpan HeartbeatInterval = TimeSpan.FromSeconds(15);

    /// <summary>A comment, which says that the stream still lives.</summary>
    public static readonly ReadOnlyMemory<byte> Heartbeat = ":\n\n"u8.ToArray();

    /// <summary>Makes an answer a stream of events.</summary>
    /// <param name="response">The answer.</param>
    public static PipeWriter Begin(HttpResponse response)
    {
        response.ContentType = MediaType;
        response.Headers.CacheControl = "no-cache";
        return response.BodyWriter;
    }

    /// <summary>Writes an event.</summary>
    /// <param name="writer">Where to.</param>
    /// <param name="name">Its name.</param>
    /// <param name="data">Its data: text on one line.</param>
    public static void WriteEvent(this PipeWriter writer, string name, ReadOnlySpan<byte> data) => writer.WriteEvent(Encoding.ASCII.GetBytes(name), data, isBytes: false);

    /// <summary>Writes an event.</summary>
    /// <param name="writer">Where to.</param>
    /// <param name="name">Its name.</param>
    /// <param name="data">Its data: bytes, or text on one line.</param>
    /// <param name="isBytes">Whether the data is bytes, which are sent in base64.</param>
    /// <param name="id">Its id; empty for none.</param>
    public static void WriteEvent(this PipeWriter writer, ReadOnlySpan<byte> name, ReadOnlySpan<byte> data, bool isBytes, ReadOnlySpan<byte> id = default)
    {
        writer.Write("event: "u8);
        writer.Write(name);
        if (id.Length > 0)
        {
            writer.Write("\nid: "u8);
            writer.Write(id);
        }

        writer.Write("\ndata: "u8);
        if (isBytes)
        {
            int length = Base64.GetMaxEncodedToUtf8Length(data.Length);
            Base64.EncodeToUtf8(data, writer.GetSpan(length), out _, out int written);
            writer.Advance(written);
        }
        else
        {
            writer.Write(data);
        }

        writer.Write("\n\n"u8);
    }

    /// <summary>Writes a comment, which says that the stream still lives.</summary>
    /// <param name="writer">Where to.</param>
    public static void WriteHeartbeat(this PipeWriter writer) => writer.Write(Heartbeat.Span);
}
