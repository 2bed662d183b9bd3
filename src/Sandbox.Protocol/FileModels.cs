using System.Text.Json.Serialization;

namespace Sandbox.Protocol;

/// <summary>One file, directory or link, as the API shows it.</summary>
public sealed record FileEntry
{
    /// <summary>Its absolute path; bytes that are not UTF-8 are shown as U+FFFD.</summary>
    public required string Path { get; init; }

    /// <summary>Its exact path, percent-encoded; present only when <see cref="Path"/> is not exact.</summary>
    public string? RawPath { get; init; }

    /// <summary>What it is; a link is not followed.</summary>
    public required FileKind Type { get; init; }

    /// <summary>How many bytes it holds.</summary>
    public long Size { get; init; }

    /// <summary>Its permissions, octal: <c>0644</c>.</summary>
    public required string Mode { get; init; }

    /// <summary>When its content changed.</summary>
    public DateTimeOffset ModifiedAt { get; init; }

    /// <summary>The number of its owner, as the sandbox counts users.</summary>
    public uint Owner { get; init; }

    /// <summary>What a link says; bytes that are not UTF-8 are shown as U+FFFD.</summary>
    public string? Target { get; init; }

    /// <summary>What a link leads to in the end; absent for one that leads nowhere, and for what is no link.</summary>
    public FileKind? TargetType { get; init; }

    /// <summary>In a listing of what is below: why this directory could not be looked into.</summary>
    public string? Error { get; init; }

    /// <summary>The code of <see cref="Error"/>, see <see cref="ErrorCodes"/>.</summary>
    public string? ErrorCode { get; init; }

    /// <summary>Its exact path, see <see cref="PathText"/>.</summary>
    [JsonIgnore]
    public string ExactPath => RawPath is null ? Path : PathText.Unescape(RawPath);
}

/// <summary>What a path leads to.</summary>
public enum FileKind
{
    /// <summary>A regular file.</summary>
    File,

    /// <summary>A directory.</summary>
    Directory,

    /// <summary>A symbolic link.</summary>
    Link,

    /// <summary>A named pipe.</summary>
    Fifo,

    /// <summary>A socket.</summary>
    Socket,

    /// <summary>A block or character device.</summary>
    Device,
}

/// <summary>Answer of <c>PUT …/file</c>.</summary>
/// <param name="Ok">Always true.</param>
/// <param name="Size">The file's size now.</param>
/// <param name="ETag">Its version now, for the next conditional write.</param>
public sealed record FileWritten(bool Ok, long Size, string ETag);

/// <summary>Answer of a change that has nothing to tell.</summary>
/// <param name="Ok">Always true.</param>
public sealed record Done(bool Ok);

/// <summary>Data of a <c>change</c> event of <c>GET …/watch</c>.</summary>
public sealed record FileChange
{
    /// <summary>What happened.</summary>
    public required FileChangeType Type { get; init; }

    /// <summary>Where; bytes that are not UTF-8 are shown as U+FFFD.</summary>
    public required string Path { get; init; }

    /// <summary>The exact path, percent-encoded; present only when <see cref="Path"/> is not exact.</summary>
    public string? RawPath { get; init; }

    /// <summary>Where it was before it was moved.</summary>
    public string? OldPath { get; init; }

    /// <summary>The exact old path, percent-encoded; present only when <see cref="OldPath"/> is not exact.</summary>
    public string? RawOldPath { get; init; }

    /// <summary>Whether it is a directory.</summary>
    public bool IsDirectory { get; init; }

    /// <summary>The exact path, see <see cref="PathText"/>.</summary>
    [JsonIgnore]
    public string ExactPath => RawPath is null ? Path : PathText.Unescape(RawPath);

    /// <summary>The exact old path, see <see cref="PathText"/>; null when it was not moved.</summary>
    [JsonIgnore]
    public string? ExactOldPath => RawOldPath is null ? OldPath : PathText.Unescape(RawOldPath);
}

/// <summary>What can happen to a file or directory.</summary>
public enum FileChangeType
{
    /// <summary>It was made, or moved here from outside.</summary>
    Created,

    /// <summary>Its content changed.</summary>
    Modified,

    /// <summary>Its permissions, owner or times changed.</summary>
    Attributes,

    /// <summary>It was moved within what is watched.</summary>
    Moved,

    /// <summary>It was deleted, or moved outside.</summary>
    Deleted,

    /// <summary>More happened than could be kept: some changes are not told. Look again at what is there.</summary>
    Overflow,
}

/// <summary>Names of the events of <c>GET …/watch</c>.</summary>
public static class WatchEvents
{
    /// <summary>The watch has begun: every change from now on is told.</summary>
    public const string Watching = "watching";

    /// <summary>Something changed, see <see cref="FileChange"/>.</summary>
    public const string Change = "change";

    /// <summary>What was watched is gone; nothing follows.</summary>
    public const string Stopped = "stopped";
}

/// <summary>Names of headers that tell about a file.</summary>
public static class FileHeaders
{
    /// <summary>The whole file's size, whatever part of it the answer holds.</summary>
    public const string Size = "File-Size";

    /// <summary>The file's permissions, octal.</summary>
    public const string Mode = "File-Mode";

    /// <summary>The file's time of modification, ISO 8601 with its fractions.</summary>
    public const string ModifiedAt = "File-Modified-At";
}

/// <summary>What tar archives of this API hold beyond the standard's own, as extended header records.</summary>
public static class ArchiveRecords
{
    /// <summary>An entry's exact name, percent-encoded, when it is not UTF-8 or has a line break in it.</summary>
    public const string Name = "SANDBOX.path";

    /// <summary>A link's exact target, percent-encoded, when it is not UTF-8 or has a line break in it.</summary>
    public const string Target = "SANDBOX.linkpath";

    /// <summary>Present in an entry that stands for what the sandbox's user may not read, so that it is not in the archive: its percent-encoded path.</summary>
    public const string Unread = "SANDBOX.unread";
}
