using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using System.Text;
using Sandbox.Protocol;

namespace Sandbox.Client;

/// <summary>Command events as server-sent events.</summary>
internal static class EventStreamFormat
{
    /// <summary>The media type.</summary>
    public const string MediaType = "text/event-stream";

    /// <summary>Reads the events of a stream; null is an event of an unknown type.</summary>
    /// <param name="stream">The stream.</param>
    /// <param name="cancellationToken">Cancels reading.</param>
    /// <exception cref="ApiException">The stream contains an error event.</exception>
    /// <exception cref="FormatException">The stream is malformed.</exception>
    public static async IAsyncEnumerable<CommandEvent?> ReadAsync(
        Stream stream, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await using BoundedStream bounded = BoundedStream.OfEvents(stream);
        await foreach (SseItem<CommandEvent?> item in SseParser.Create(bounded, Parse).EnumerateAsync(cancellationToken))
        {
            yield return item.Data;
        }
    }

    private static CommandEvent? Parse(string type, ReadOnlySpan<byte> data) => type switch
    {
        ExecEvents.StandardOutput => new CommandOutput(OutputChannel.Output, EventPayload.Bytes(data)),
        ExecEvents.StandardError => new CommandOutput(OutputChannel.Error, EventPayload.Bytes(data)),
        ExecEvents.Exit => EventPayload.Exit(data),
        ExecEvents.Error => throw EventPayload.Failure(data),
        ExecEvents.Position => new OutputGap(Place(data)),
        ExecEvents.Pause => new EndOfAvailableOutput(),
        _ => null,
    };

    private static OutputCursor Place(ReadOnlySpan<byte> data) =>
        OutputCursor.TryParse(Encoding.ASCII.GetString(data), out OutputCursor place) ? place : throw new FormatException("A position event has no position.");
}
