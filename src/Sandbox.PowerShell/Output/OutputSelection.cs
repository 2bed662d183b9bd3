namespace Sandbox;

/// <summary>Which of what a process writes is meant.</summary>
public enum OutputSelection
{
    /// <summary>Both streams, in the order of arrival.</summary>
    All,

    /// <summary>Standard output.</summary>
    Output,

    /// <summary>Standard error.</summary>
    Error,
}
