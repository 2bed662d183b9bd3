using System.Text.Json;
using System.Text.Json.Serialization;

namespace Sandbox.Protocol;

/// <summary>How much output of commands and processes a sandbox retains. Absent values have their defaults.</summary>
public sealed record Retention
{
    /// <summary>The default values.</summary>
    public static Retention Usual { get; } = new() { BytesPerCommand = 64L << 20, Commands = 1000, Bytes = 1L << 30, AgeSeconds = 7 * 24 * 3600 };

    /// <summary>Output bytes of one command, at least 64 KiB. Beyond it, the oldest are discarded, or the command is paused while a reader is
    /// attached.</summary>
    public long? BytesPerCommand { get; init; }

    /// <summary>The number of ended commands and processes.</summary>
    public int? Commands { get; init; }

    /// <summary>Output bytes of all ended commands and processes.</summary>
    public long? Bytes { get; init; }

    /// <summary>The number of seconds after their end.</summary>
    public double? AgeSeconds { get; init; }

    /// <summary>Unknown fields, which are rejected.</summary>
    [JsonExtensionData]
    public Dictionary<string, JsonElement>? Unknown { get; set; }

    /// <summary>Returns a copy with all values set.</summary>
    public Retention Complete() => new()
    {
        BytesPerCommand = BytesPerCommand ?? Usual.BytesPerCommand,
        Commands = Commands ?? Usual.Commands,
        Bytes = Bytes ?? Usual.Bytes,
        AgeSeconds = AgeSeconds ?? Usual.AgeSeconds,
    };

    /// <summary>Validates the values.</summary>
    /// <exception cref="ApiException"><see cref="ErrorCodes.InvalidRequest"/>.</exception>
    public void Require()
    {
        RequestFields.RejectUnknownFields(Unknown);
        const long leastBytes = 64 * 1024;
        if (BytesPerCommand < leastBytes)
        {
            throw new ApiException(ErrorCodes.InvalidRequest, $"'bytesPerCommand' is {BytesPerCommand}. Use at least {leastBytes}.");
        }

        if (Commands < 0 || Bytes < 0 || AgeSeconds is { } age && !(age >= 0))
        {
            throw new ApiException(
                ErrorCodes.InvalidRequest, "What is kept cannot be less than nothing: 'commands', 'bytes' and 'ageSeconds' must not be negative.");
        }
    }
}
