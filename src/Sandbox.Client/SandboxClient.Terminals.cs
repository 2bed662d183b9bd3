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
        RequestAddress address = new RequestAddress(Routes.OpenTerminal, sandbox).With("cols", request.Size.Columns).With("rows", request.Size.Rows)
            .With("shell", request.Shell).With("term", request.Type).With("terminal", request.Terminal).With("offset", request.Offset);
        return new(Server, await _transport.UpgradeAsync(() => Bare(address, session), _trace, cancellationToken));
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
