using System.Text.Json;
using System.Text.Json.Serialization;
using Sandbox.Protocol;

namespace Sandbox.Agent.Commands;

/// <summary>What is kept of a command on disk beside its output, at the head of each of its files.</summary>
internal sealed record CommandRecord
{
    /// <summary>Its id.</summary>
    public required string Id { get; init; }

    /// <summary>Whether it is a command or a process.</summary>
    public required ProcessKind Kind { get; init; }

    /// <summary>The session that the request named, if any.</summary>
    public string? SessionId { get; init; }

    /// <summary>Its text, shortened.</summary>
    public required string Text { get; init; }

    /// <summary>The directory it starts in, where that is known.</summary>
    public string? Cwd { get; init; }

    /// <summary>Tells whether a second request under the same id asks for the same.</summary>
    public required string Fingerprint { get; init; }

    /// <summary>When it was asked for.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>When it started; absent when it never did.</summary>
    public DateTimeOffset? StartedAt { get; init; }
}

/// <summary>The head of a file of a journal.</summary>
/// <param name="Command">Whose it is.</param>
/// <param name="Number">The journal's number: later commands have higher ones.</param>
/// <param name="Index">Which of the journal's files it is, counted from 0.</param>
/// <param name="StandardOutput">How many bytes of standard output lie before it.</param>
/// <param name="StandardError">How many bytes of standard error lie before it.</param>
internal sealed record SegmentHeader(CommandRecord Command, long Number, long Index, long StandardOutput, long StandardError);

/// <summary>Source-generated JSON of the records beside a command's output.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(SegmentHeader))]
internal sealed partial class CommandJson : JsonSerializerContext;
