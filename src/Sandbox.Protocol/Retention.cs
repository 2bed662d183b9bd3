using System.Text.Json;
using System.Text.Json.Serialization;

namespace Sandbox.Protocol;

/// <summary>How much a sandbox keeps of what its commands and processes print, and of those that have ended. What is absent has its usual value.</summary>
public sealed record Retention
{
    /// <summary>The usual values, all set.</summary>
    public static Retention Usual { get; } = new() { BytesPerCommand = 64L << 20, Commands = 1000, Bytes = 1L << 30, AgeSeconds = 7 * 24 * 3600 };

    /// <summary>How many bytes of one command's output: the oldest fall out when nobody reads; a reader holds the command back instead. At least 64
    /// KiB.</summary>
    public long? BytesPerCommand { get; init; }

    /// <summary>How many that have ended.</summary>
    public int? Commands { get; init; }

    /// <summary>How many bytes of output of all that have ended.</summary>
    public long? Bytes { get; init; }

    /// <summary>For how many seconds after their end.</summary>
    public double? AgeSeconds { get; init; }

    /// <summary>Fields this release does not know: refused, never ignored.</summary>
    [JsonExtensionData]
    public Dictionary<string, JsonElement>? Unknown { get; set; }

    /// <summary>The same with every value set.</summary>
    public Retention Complete() => new()
    {
        BytesPerCommand = BytesPerCommand ?? Usual.BytesPerCommand,
        Commands = Commands ?? Usual.Commands,
        Bytes = Bytes ?? Usual.Bytes,
        AgeSeconds = AgeSeconds ?? Usual.AgeSeconds,
    };

    /// <summary>Checks the values.</summary>
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
