namespace Sandbox.Client;

/// <summary>Trace record of a request, without body and headers.</summary>
/// <param name="Method">Its method.</param>
/// <param name="Path">Its path, relative to the server.</param>
/// <param name="Status">The status of the response; 0 when there was none.</param>
/// <param name="Elapsed">The time until the response headers.</param>
public readonly record struct RequestTrace(string Method, string Path, int Status, TimeSpan Elapsed)
{
    /// <inheritdoc />
    public override string ToString() =>
        $"{Method} {Path} {(Status == 0 ? "(no response)" : Status)} {Elapsed.TotalMilliseconds:0.0} ms";
}
