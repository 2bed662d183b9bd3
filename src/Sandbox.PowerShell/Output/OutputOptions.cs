namespace Sandbox;

/// <summary>How the output of commands, code and processes is emitted.</summary>
/// <param name="Form">The output format.</param>
/// <param name="StandardError">How standard error is handled.</param>
internal sealed record OutputOptions(OutputFormat Form, StandardErrorAction StandardError)
{
    public const long DefaultLimit = 64 << 20;

    /// <summary>Whether each line begins with its source.</summary>
    public bool Prefix { get; init; }

    /// <summary>The maximum number of bytes to collect.</summary>
    public long Limit { get; init; } = DefaultLimit;

    /// <summary>Whether a non-zero exit code is an error.</summary>
    public bool NonZeroIsError { get; init; }

    /// <summary>The number of lines from the end of the existing output; null for all.</summary>
    public int? Tail { get; init; }
}

/// <summary>The output format of a command.</summary>
internal enum OutputFormat
{
    /// <summary>Lines, streamed.</summary>
    Lines,

    /// <summary>One string, at the end.</summary>
    Raw,

    /// <summary>Byte arrays, streamed.</summary>
    Bytes,

    /// <summary>One object, at the end.</summary>
    Result,
}
