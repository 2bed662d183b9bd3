using System.Management.Automation;

namespace Sandbox;

/// <summary>How a wait for a process went.</summary>
/// <param name="Process">The process then.</param>
/// <param name="IsFulfilled">Whether what was waited for has happened.</param>
/// <param name="HasTimedOut">Whether the time was over before that.</param>
/// <param name="LastLines">The last it printed, where it ended before that.</param>
internal sealed record ProcessWait(SandboxProcess Process, bool IsFulfilled, bool HasTimedOut, IReadOnlyCollection<string> LastLines)
{
    /// <summary>The error that it did not happen; null when it did.</summary>
    /// <param name="awaited">What was waited for.</param>
    /// <param name="seconds">For how long.</param>
    public ErrorRecord? ToError(string awaited, double? seconds) =>
        HasTimedOut ? Errors.WaitTimedOut(Process, awaited, seconds!.Value)
        : IsFulfilled ? null
        : Errors.ProcessEnded(Process, awaited, LastLines);
}
