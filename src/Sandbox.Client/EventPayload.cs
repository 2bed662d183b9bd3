using System.Text.Json;
using Sandbox.Protocol;

namespace Sandbox.Client;

/// <summary>The last event of a command, whose JSON is the same in every format.</summary>
internal static class EventPayload
{
    /// <summary>How the command ended.</summary>
    /// <param name="json">The event's data.</param>
    public static CommandExit Exit(ReadOnlySpan<byte> json) =>
        new(JsonSerializer.Deserialize(json, ProtocolJson.Default.ExecExit) ?? throw new FormatException("An exit event is empty."));

    /// <summary>Why it could not be run or followed.</summary>
    /// <param name="json">The event's data.</param>
    public static ApiException Failure(ReadOnlySpan<byte> json)
    {
        ErrorBody body = JsonSerializer.Deserialize(json, ProtocolJson.Default.ErrorBody) ?? throw new FormatException("An error event is empty.");
        return new(body.Code, body.Error) { RequestId = body.RequestId };
    }
}
