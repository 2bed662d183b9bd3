using System.Globalization;
using Sandbox.Protocol;

namespace Sandbox.Client;

/// <content>Terminals.</content>
public sealed partial class SandboxClient
{
    /// <summary>Attaches to the terminal of a session, starting one if needed.</summary>
    /// <param name="sandbox">The sandbox.</param>
    /// <param name="session">The session; null for the default session, or the terminal of the sandbox if there is none.</param>
    /// <param name="request">The options.</param>
    /// <param name="cancellationToken">Cancels the request.</param>
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
            ("shell", request.Shell), ("term", request.Type), ("terminal", request.Terminal),
            ("offset", request.Offset?.ToString(CultureInfo.InvariantCulture)),
        })
        {
            if (value is not null)
            {
                yield return (name, value);
            }
        }
    }
}

/// <summary>Options of a terminal connection.</summary>
public sealed record TerminalRequest
{
    /// <summary>The size of the window.</summary>
    public TerminalSize Size { get; init; } = TerminalSize.Default;

    /// <summary>The shell to start, by path or name, when there is no terminal yet; bash when null.</summary>
    public string? Shell { get; init; }

    /// <summary>The terminal type of the user (<c>TERM</c>).</summary>
    public string? Type { get; init; }

    /// <summary>The id of the terminal to re-attach to; null for any.</summary>
    public string? Terminal { get; init; }

    /// <summary>The output offset to start from; null for all retained output.</summary>
    public long? Offset { get; init; }
}
