namespace Sandbox;

/// <summary>The output of a command or a run of code, collected for a result object.</summary>
/// <param name="StandardOutput">Standard output.</param>
/// <param name="StandardError">Standard error.</param>
/// <param name="IsTruncated">Whether output beyond the limit was discarded.</param>
/// <param name="Results">The results of code.</param>
internal sealed record CollectedOutput(string StandardOutput, string StandardError, bool IsTruncated, SandboxCodeOutput[] Results);
