namespace Sandbox;

/// <summary>How the standard error of a command is handled.</summary>
public enum StandardErrorAction
{
    /// <summary>Shown as it comes, and found in the information stream under the tag <c>StandardError</c>.</summary>
    Host,

    /// <summary>Error records; <c>-ErrorAction Stop</c> ends the command at the first.</summary>
    Error,

    /// <summary>Goes where standard output goes, in order of arrival.</summary>
    Output,

    /// <summary>Dropped.</summary>
    Null,
}
