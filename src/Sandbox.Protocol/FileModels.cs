using System.Text.Json.Serialization;

namespace Sandbox.Protocol;

/// <summary>One file, directory or link, as returned by the API.</summary>
public sealed record FileEntry
{
    /// <summary>The absolute path; bytes that are not UTF-8 are replaced by U+FFFD.</summary>
    public required string Path { get; init; }

    /// <summary>The exact path, percent-encoded; present only when <see cref="Path"/> is not exact.</summary>
    public string? RawPath { get; init; }

    /// <summary>The type; links are not followed.</summary>
    public required FileKind Type { get; init; }

    /// <summary>The size in bytes.</summary>
    public long Size { get; init; }

    /// <summary>The permissions, octal: <c>0644</c>.</summary>
    public required string Mode { get; init; }

    /// <summary>The modification time.</summary>
    public DateTimeOffset ModifiedAt { get; init; }

    /// <summary>The owner's user id in the sandbox.</summary>
    public uint Owner { get; init; }

    /// <summary>The target of a link; bytes that are not UTF-8 are replaced by U+FFFD.</summary>
    public string? Target { get; init; }

    /// <summary>The type of the final target of a link; absent for a broken link.</summary>
    public FileKind? TargetType { get; init; }

    /// <summary>In a recursive listing: why this directory could not be read.</summary>
    public string? Error { get; init; }

    /// <summary>The code of <see cref="Error"/>, see <see cref="ErrorCodes"/>.</summary>
    public string? ErrorCode { get; init; }

    /// <summary>The exact path, see <see cref="PathText"/>.</summary>
    [JsonIgnore]
    public string ExactPath => RawPath is null ? Path : PathText.Unescape(RawPath);
}

/// <summary>File types.</summary>
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

/// <summary>Response of <c>PUT …/file</c>.</summary>
/// <param name="Ok">Always true.</param>
/// <param name="Size">The new size.</param>
/// <param name="ETag">The new version, for conditional writes.</param>
public sealed record FileWritten(bool Ok, long Size, string ETag);

/// <summary>Response of a change without a result.</summary>
/// <param name="Ok">Always true.</param>
public sealed record Done(bool Ok);

/// <summary>Data of a <c>change</c> event of <c>GET …/watch</c>.</summary>
public sealed record FileChange
{
    /// <summary>The type of the change.</summary>
    public required FileChangeType Type { get; init; }

    /// <summary>The path; bytes that are not UTF-8 are replaced by U+FFFD.</summary>
    public required string Path { get; init; }

    /// <summary>The exact path, percent-encoded; present only when <see cref="Path"/> is not exact.</summary>
    public string? RawPath { get; init; }

    /// <summary>The path before a move.</summary>
    public string? OldPath { get; init; }

    /// <summary>The exact old path, percent-encoded; present only when <see cref="OldPath"/> is not exact.</summary>
    public string? RawOldPath { get; init; }

    /// <summary>Whether it is a directory.</summary>
    public bool IsDirectory { get; init; }

    /// <summary>The exact path, see <see cref="PathText"/>.</summary>
    [JsonIgnore]
    public string ExactPath => RawPath is null ? Path : PathText.Unescape(RawPath);

    /// <summary>The exact old path, see <see cref="PathText"/>; null unless it was moved.</summary>
    [JsonIgnore]
    public string? ExactOldPath => RawOldPath is null ? OldPath : PathText.Unescape(RawOldPath);
}

/// <summary>Types of changes.</summary>
public enum FileChangeType
{
    /// <summary>It was created, or moved into the watched directory.</summary>
    Created,

    /// <summary>Its content changed.</summary>
    Modified,

    /// <summary>Its permissions, owner or times changed.</summary>
    Attributes,

    /// <summary>It was moved within the watched directory.</summary>
    Moved,

    /// <summary>It was deleted, or moved out of the watched directory.</summary>
    Deleted,

    /// <summary>Changes were lost. List the directory again.</summary>
    Overflow,
}

/// <summary>Names of the events of <c>GET …/watch</c>.</summary>
public static class WatchEvents
{
    /// <summary>The watch has started: all later changes are reported.</summary>
    public const string Watching = "watching";

    /// <summary>A change, see <see cref="FileChange"/>.</summary>
    public const string Change = "change";

    /// <summary>The watched path no longer exists. The last event.</summary>
    public const string Stopped = "stopped";
}

/// <summary>HTTP headers with metadata of a file.</summary>
public static class FileHeaders
{
    /// <summary>The size of the whole file, also in a partial response.</summary>
    public const string Size = "File-Size";

    /// <summary>The file's permissions, octal.</summary>
    public const string Mode = "File-Mode";

    /// <summary>The modification time, ISO 8601 with fractions of a second.</summary>
    public const string ModifiedAt = "File-Modified-At";
}

/// <summary>HTTP headers of <c>POST …/persist</c>.</summary>
public static class ArchiveHeaders
{
    /// <summary>The indexes, from 0 and separated by commas, of the patterns of <c>exclude</c> that matched nothing.</summary>
    public const string Unmatched = "Excludes-Unmatched";

    /// <summary>The paths of the sockets that are not in the archive, percent-encoded and separated by commas; after many, <c>...</c>.</summary>
    public const string Sockets = "Archive-Sockets";

    /// <summary>The last of <see cref="Sockets"/> when there are more.</summary>
    public const string More = "...";
}

/// <summary>Extended header records of tar archives that only this API uses.</summary>
public static class ArchiveRecords
{
    /// <summary>An entry's exact name, percent-encoded, when it is not UTF-8 or contains a line break.</summary>
    public const string Name = "SANDBOX.path";

    /// <summary>A link's exact target, percent-encoded, when it is not UTF-8 or contains a line break.</summary>
    public const string Target = "SANDBOX.linkpath";

    /// <summary>Present in an entry that stands for what the sandbox's user may not read, so that it is not in the archive: its percent-encoded path.</summary>
    public const string Unread = "SANDBOX.unread";
}
