using System.Buffers;
using System.Buffers.Text;
using System.IO.Pipelines;
using System.Text;

namespace Sandbox.Agent.Api;

/// <summary>Writes server-sent events. See the HTML standard, 9.2 "Server-sent events".</summary>
internal static class SseWriter
{
    public const string MediaType = "text/event-stream";

    /// <summary>The longest time without an event or heartbeat.</summary>
    public static readonly TimeSpan HeartbeatInterval = TimeSpan.FromSeconds(15);

    /// <summary>A comment line, which keeps the connection alive.</summary>
    public static readonly ReadOnlyMemory<byte> Heartbeat = ":\n\n"u8.ToArray();

    /// <summary>Starts a response that is a stream of events.</summary>
    public static PipeWriter Begin(HttpResponse response)
    {
        response.ContentType = MediaType;
        response.Headers.CacheControl = "no-cache";
        return response.BodyWriter;
    }

    /// <summary>Writes an event whose data is text on one line.</summary>
    public static void WriteEvent(this PipeWriter writer, string name, ReadOnlySpan<byte> data) =>
        writer.WriteEvent(Encoding.ASCII.GetBytes(name), data, isBytes: false);

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

    public static void WriteHeartbeat(this PipeWriter writer) => writer.Write(Heartbeat.Span);
}
