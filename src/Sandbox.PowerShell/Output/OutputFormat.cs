namespace Sandbox;

/// <summary>The form in which a command's output is emitted.</summary>
internal enum OutputFormat
{
    /// <summary>Lines, as they come.</summary>
    Lines,

    /// <summary>One string, at the end.</summary>
    Raw,

    /// <summary>Bytes, as they come.</summary>
    Bytes,

    /// <summary>One object, at the end.</summary>
    Result,
}
