using System.Net.WebSockets;
using Sandbox.Protocol;

namespace Sandbox.Client;

/// <content>Ports on which programs of a sandbox listen.</content>
public sealed partial class SandboxClient
{
    /// <summary>Lists the ports on which programs of a sandbox listen.</summary>
    /// <param name="sandbox">The sandbox.</param>
    /// <param name="session">A session that must exist; null for none.</param>
    /// <param name="wake">Whether a stopped sandbox is started; otherwise it is <see cref="ErrorCodes.SandboxStopped"/>.</param>
    /// <param name="cancellationToken">Cancels the request.</param>
    public async Task<IReadOnlyList<int>> GetPortsAsync(string sandbox, string? session, bool wake, CancellationToken cancellationToken) =>
    [
        .. (await _transport.ReadAsync(
            () => WithWake(Bare(new(Routes.ListPorts, sandbox), session), wake), ProtocolJson.Default.PortList, _trace, cancellationToken))
            .Ports.Select(listening => listening.Port),
    ];

    /// <summary>Opens a TCP tunnel to a program of a sandbox, see <see cref="SocketTunnel"/>.</summary>
    /// <param name="sandbox">The sandbox.</param>
    /// <param name="port">The port on which the program listens.</param>
    /// <param name="cancellationToken">Cancels the request.</param>
    public Task<WebSocket> ConnectPortAsync(string sandbox, int port, CancellationToken cancellationToken) =>
        _transport.UpgradeAsync(() => Bare(new(Routes.ConnectPort, sandbox, $"{PortNumber.Require(port)}"), null), _trace, cancellationToken);
}
