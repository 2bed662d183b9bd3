namespace Sandbox.Protocol;

/// <summary>One feature of the isolation of sandboxes, whichever way their engine isolates.</summary>
/// <param name="Name">Its name: <c>seccomp</c>.</param>
/// <param name="Description">What it does.</param>
/// <param name="Available">Whether the host gives it, or the sandbox has it.</param>
/// <param name="Required">Whether a sandbox that requires isolation is refused without it.</param>
/// <param name="Reason">Why it is not available.</param>
/// <param name="Remedy">How to make it available.</param>
public sealed record IsolationFeature(
    string Name, string Description, bool Available, bool Required = true, string? Reason = null, string? Remedy = null)
{
    /// <summary>Returns the feature as one that is missing.</summary>
    /// <param name="reason">Why.</param>
    /// <param name="remedy">How to make it available; null when there is no way.</param>
    public IsolationFeature Without(string? reason, string? remedy) => this with { Available = false, Reason = reason, Remedy = remedy };
}
