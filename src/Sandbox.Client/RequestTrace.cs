namespace Sandbox.Client;

/// <summary>What is told about a request: never a body, never a header.</summary>
/// <param name="Method">Its method.</param>
/// <param name="Path">Its path, relative to the server.</param>
/// <param name="Status">The answer's status; 0 when there was none.</param>
/// <param name="Elapsed">The time until the answer began.</param>
public readonly record struct RequestTrace(string Method, string Path, int Status, TimeSpan Elapsed)
{
    /// <inheritdoc />
    public override string ToString() =>
        $"{Method} {Path} {(Status == 0 ? "(no response)" : Status)} {Elapsed.TotalMilliseconds:0.0} ms";
}
