using System.Text.Json;
using System.Text.Json.Serialization;
using Sandbox.Protocol;

namespace Sandbox.Agent.Commands;

/// <summary>A command as it is stored at the head of each of its files.</summary>
internal sealed record CommandRecord
{
    public required string Id { get; init; }

    public required ProcessKind Kind { get; init; }

    /// <summary>The session that the request named, if any.</summary>
    public string? SessionId { get; init; }

    /// <summary>The text, shortened.</summary>
    public required string Text { get; init; }

    /// <summary>The directory it starts in, if known.</summary>
    public string? Cwd { get; init; }

    /// <summary>See <see cref="Command.Fingerprint"/>.</summary>
    public required string Fingerprint { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>Absent when it never started.</summary>
    public DateTimeOffset? StartedAt { get; init; }
}

/// <summary>The head of a segment file.</summary>
internal sealed record SegmentHeader(CommandRecord Command, long Number, long Index, long StandardOutput, long StandardError);

/// <summary>Source-generated JSON of segment heads.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, RespectNullableAnnotations = true)]
[JsonSerializable(typeof(SegmentHeader))]
internal sealed partial class CommandJson : JsonSerializerContext;
