namespace Sandbox;

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
