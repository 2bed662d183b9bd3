using System.Management.Automation;

namespace Sandbox;

/// <summary>The result of a wait for a process.</summary>
/// <param name="Process">The process then.</param>
/// <param name="IsFulfilled">Whether the condition was met.</param>
/// <param name="HasTimedOut">Whether the wait timed out.</param>
/// <param name="LastLines">The last it printed, where it ended before that.</param>
internal sealed record ProcessWait(SandboxProcess Process, bool IsFulfilled, bool HasTimedOut, IReadOnlyCollection<string> LastLines)
{
    /// <summary>The error that it did not happen; null when it did.</summary>
    /// <param name="awaited">The awaited condition.</param>
    /// <param name="seconds">For how long.</param>
    public ErrorRecord? ToError(string awaited, double? seconds) =>
        HasTimedOut ? Errors.WaitTimedOut(Process, awaited, seconds!.Value)
        : IsFulfilled ? null
        : Errors.ProcessEnded(Process, awaited, LastLines);
}
