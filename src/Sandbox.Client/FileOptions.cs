using Sandbox.Protocol;

namespace Sandbox.Client;

/// <summary>Options of a directory listing.</summary>
public sealed record ListOptions
{
    /// <summary>Whether subdirectories are listed too.</summary>
    public bool Recursive { get; init; }

    /// <summary>The maximum depth; null for all levels with <see cref="Recursive"/>, none without.</summary>
    public long? Depth { get; init; }

    /// <summary>The name pattern; null for all.</summary>
    public string? Filter { get; init; }

    /// <summary>Whether names that begin with a dot are included.</summary>
    public bool Hidden { get; init; } = true;

    /// <summary>Patterns of what is left out, see <see cref="ExcludePatterns"/>.</summary>
    public IReadOnlyList<string> Excludes { get; init; } = [];

    /// <summary>What the paths of <see cref="Excludes"/> are relative to.</summary>
    public ExcludeRoot Root { get; init; }

    /// <summary>Whether a stopped sandbox is started; otherwise it is <see cref="ErrorCodes.SandboxStopped"/>.</summary>
    public bool Wake { get; init; } = true;
}

/// <summary>Options of an archive of a directory.</summary>
public sealed record ArchiveOptions
{
    /// <summary>Patterns of what is left out, see <see cref="ExcludePatterns"/>.</summary>
    public IReadOnlyList<string> Excludes { get; init; } = [];

    /// <summary>What the paths of <see cref="Excludes"/> are relative to.</summary>
    public ExcludeRoot Root { get; init; }

    /// <summary>Whether unreadable items are listed in the archive, see <see cref="ArchiveRecords.Unread"/>; otherwise they are an error.</summary>
    public bool Partial { get; init; }

    /// <summary>Whether files with holes are in the form of GNU tar for them; otherwise holes are zeros.</summary>
    public bool Sparse { get; init; }
}

/// <summary>Options of a write.</summary>
public sealed record WriteOptions
{
    /// <summary>Whether to append instead of replacing the file.</summary>
    public bool Append { get; init; }

    /// <summary>Whether missing parent directories are created.</summary>
    public bool Parents { get; init; }

    /// <summary>Whether a file that exists is <see cref="ErrorCodes.PathExists"/>.</summary>
    public bool IsNew { get; init; }

    /// <summary>The expected version; any other is <see cref="ErrorCodes.PreconditionFailed"/>.</summary>
    public string? IfMatch { get; init; }

    /// <summary>The octal permissions; null keeps those of the replaced file, or uses the default.</summary>
    public string? Mode { get; init; }

    /// <summary>The file's time of modification; null for now.</summary>
    public DateTimeOffset? ModifiedAt { get; init; }
}
