using Sandbox.Client;
using Sandbox.Protocol;

namespace Sandbox;

/// <summary>A process of a sandbox, by id; it may not exist.</summary>
/// <param name="Place">Its sandbox.</param>
/// <param name="Id">Its id.</param>
internal sealed record ProcessTarget(SandboxTarget Place, string Id)
{
    /// <summary>Its server's client.</summary>
    public SandboxClient Client => Place.Client;

    /// <summary>Its sandbox.</summary>
    public string SandboxId => Place.SandboxId;

    /// <summary>The object for it.</summary>
    /// <param name="info">What the server says.</param>
    /// <param name="matchedLine">The line that was waited for.</param>
    public SandboxProcess ToObject(ProcessInfo info, string? matchedLine = null) => new(info, SandboxId, Client.Server, matchedLine);

    /// <summary>Waits until it has ended or serves a port.</summary>
    /// <param name="port">The port; null for the end.</param>
    /// <param name="limit">For how long.</param>
    /// <param name="cancellationToken">Cancels the request.</param>
    public async Task<ProcessWait> WaitAsync(PortCondition? port, TimeSpan limit, CancellationToken cancellationToken)
    {
        WaitAnswer answer = await Client.WaitProcessAsync(SandboxId, Id, port, limit, wake: true, cancellationToken);
        bool isFulfilled = answer.Outcome == (port is null ? WaitOutcomes.Exited : WaitOutcomes.Ready);
        bool hasTimedOut = answer.Outcome == WaitOutcomes.TimedOut;
        return new(ToObject(answer.Process), isFulfilled, hasTimedOut, isFulfilled || hasTimedOut ? [] : await LastLines.ReadAsync(this, cancellationToken));
    }

    /// <inheritdoc />
    public override string ToString() => $"{SandboxId}/{Id}";
}
