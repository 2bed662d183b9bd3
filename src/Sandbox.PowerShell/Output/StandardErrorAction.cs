namespace Sandbox;

/// <summary>How the standard error of a command is handled.</summary>
public enum StandardErrorAction
{
    /// <summary>Shown as it comes, and found in the information stream under the tag <c>StandardError</c>.</summary>
    Host,

    /// <summary>Error records; <c>-ErrorAction Stop</c> ends the command at the first.</summary>
    Error,

    /// <summary>Merged into standard output, in order of arrival.</summary>
    Output,

    /// <summary>Dropped.</summary>
    Null,
}
