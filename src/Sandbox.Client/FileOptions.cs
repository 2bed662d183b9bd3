using Sandbox.Protocol;

namespace Sandbox.Client;

/// <summary>What is wanted of a directory's list.</summary>
public sealed record ListOptions
{
    /// <summary>Whether what is below is listed too.</summary>
    public bool Recursive { get; init; }

    /// <summary>How many directories deep; null for all with <see cref="Recursive"/>, none without.</summary>
    public long? Depth { get; init; }

    /// <summary>The pattern of names that are told; null for all.</summary>
    public string? Filter { get; init; }

    /// <summary>Whether names that begin with a dot are told.</summary>
    public bool Hidden { get; init; } = true;

    /// <summary>Whether a stopped sandbox is started to answer; otherwise it is <see cref="ErrorCodes.SandboxStopped"/>.</summary>
    public bool Wake { get; init; } = true;
}

/// <summary>What is wanted of a write.</summary>
public sealed record WriteOptions
{
    /// <summary>Whether the bytes go to the file's end, instead of in its place.</summary>
    public bool Append { get; init; }

    /// <summary>Whether directories that are missing are made.</summary>
    public bool Parents { get; init; }

    /// <summary>Whether a file that exists is <see cref="ErrorCodes.PathExists"/>.</summary>
    public bool IsNew { get; init; }

    /// <summary>The version that is to be replaced; another one is <see cref="ErrorCodes.PreconditionFailed"/>.</summary>
    public string? IfMatch { get; init; }

    /// <summary>The file's permissions, octal; null for those of the file that is replaced, or the usual ones.</summary>
    public string? Mode { get; init; }

    /// <summary>The file's time of modification; null for now.</summary>
    public DateTimeOffset? ModifiedAt { get; init; }
}
