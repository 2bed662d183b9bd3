using System.Buffers;
using System.Buffers.Text;
using System.Text.Json;
using Sandbox.Protocol;

namespace Sandbox.Client;

/// <summary>Parsers of event payloads that all stream formats share.</summary>
internal static class EventPayload
{
    /// <summary>Decodes base64 output.</summary>
    /// <param name="data">The event's data.</param>
    public static byte[] Bytes(ReadOnlySpan<byte> data)
    {
        byte[] decoded = new byte[Base64.GetMaxDecodedFromUtf8Length(data.Length)];
        return Base64.DecodeFromUtf8(data, decoded, out int consumed, out int written) == OperationStatus.Done && consumed == data.Length
            ? written == decoded.Length ? decoded : decoded[..written]
            : throw new FormatException("An output event is not base64.");
    }

    /// <summary>The exit status of the command.</summary>
    /// <param name="json">The event's data.</param>
    public static CommandExit Exit(ReadOnlySpan<byte> json) =>
        new(JsonSerializer.Deserialize(json, ProtocolJson.Default.ExecExit) ?? throw new FormatException("An exit event is empty."));

    /// <summary>Parses an error event.</summary>
    /// <param name="json">The event's data.</param>
    public static ApiException Failure(ReadOnlySpan<byte> json)
    {
        ErrorBody body = JsonSerializer.Deserialize(json, ProtocolJson.Default.ErrorBody) ?? throw new FormatException("An error event is empty.");
        return body.ToException(isFromSandbox: true);
    }
}
