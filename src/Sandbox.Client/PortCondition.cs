using System.Globalization;

namespace Sandbox.Client;

/// <summary>A port in a sandbox that is waited for until someone listens on it, and answers HTTP if that is asked for.</summary>
/// <param name="port">The port.</param>
/// <param name="path">The path that has to answer; null to be content with a listener.</param>
/// <param name="status">The status it has to answer with; null for any from 200 to 399.</param>
public sealed class PortCondition(int port, string? path, int? status)
{
    internal string ToQuery() => string.Create(CultureInfo.InvariantCulture,
        $"&port={port}{(path is null ? "" : "&path=" + Uri.EscapeDataString(path))}{(status is null ? "" : $"&status={status}")}");
}
