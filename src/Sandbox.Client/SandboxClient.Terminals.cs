using System.Globalization;
using Sandbox.Protocol;

namespace Sandbox.Client;

/// <content>Terminals.</content>
public sealed partial class SandboxClient
{
    /// <summary>Looks at the terminal of a session and types in it; it is started when there is none.</summary>
    /// <param name="sandbox">The sandbox.</param>
    /// <param name="session">The session; null for its default one, or the sandbox's own terminal where there is none.</param>
    /// <param name="request">How.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    public async Task<TerminalConnection> OpenTerminalAsync(string sandbox, string? session, TerminalRequest request, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        string path = $"{Path(sandbox)}/pty?{string.Join('&', Query(request).Select(pair => $"{pair.Name}={Uri.EscapeDataString(pair.Value)}"))}";
        return new(Server, await _transport.UpgradeAsync(() => Bare(HttpMethod.Get, path, session), _trace, cancellationToken));
    }

    private static IEnumerable<(string Name, string Value)> Query(TerminalRequest request)
    {
        yield return ("cols", request.Size.Columns.ToString(CultureInfo.InvariantCulture));
        yield return ("rows", request.Size.Rows.ToString(CultureInfo.InvariantCulture));
        foreach ((string name, string? value) in new[]
        {
            ("shell", request.Shell), ("term", request.Type), ("terminal", request.Terminal), ("offset", request.Offset?.ToString(CultureInfo.InvariantCulture)),
        })
        {
            if (value is not null)
            {
                yield return (name, value);
            }
        }
    }
}

/// <summary>How a terminal is looked at.</summary>
public sealed record TerminalRequest
{
    /// <summary>The size of the window.</summary>
    public TerminalSize Size { get; init; } = TerminalSize.Default;

    /// <summary>The shell to start, by path or name, when there is no terminal yet; bash when null.</summary>
    public string? Shell { get; init; }

    /// <summary>What the user's own terminal understands: its <c>TERM</c>.</summary>
    public string? Type { get; init; }

    /// <summary>A terminal that was looked at before, and no other.</summary>
    public string? Terminal { get; init; }

    /// <summary>The first byte of its output that was not seen; all that is kept when null.</summary>
    public long? Offset { get; init; }
}
