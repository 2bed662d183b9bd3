namespace Sandbox;

/// <summary>Selects an output stream of a process.</summary>
public enum OutputSelection
{
    /// <summary>Both streams, in the order of arrival.</summary>
    All,

    /// <summary>Standard output.</summary>
    Output,

    /// <summary>Standard error.</summary>
    Error,
}
