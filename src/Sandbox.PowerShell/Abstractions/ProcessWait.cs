namespace Sandbox;

/// <summary>How a wait for a process went.</summary>
/// <param name="Process">The process then.</param>
/// <param name="IsFulfilled">Whether what was waited for has happened.</param>
/// <param name="HasTimedOut">Whether the time was over before that.</param>
/// <param name="LastLines">The last it printed, where it ended before that.</param>
internal sealed record ProcessWait(SandboxProcess Process, bool IsFulfilled, bool HasTimedOut, IReadOnlyCollection<string> LastLines);
