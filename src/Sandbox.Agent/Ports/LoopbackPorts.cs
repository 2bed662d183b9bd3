using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using Sandbox.Protocol;

namespace Sandbox.Agent.Ports;

/// <summary>Ports of programs in the sandbox, reached on its loopback interface, whatever network it has.</summary>
internal static class LoopbackPorts
{
    private static readonly IPAddress[] Addresses = [IPAddress.Loopback, IPAddress.IPv6Loopback];
    private static readonly IPAddress[] Reachable = [.. Addresses, IPAddress.Any, IPAddress.IPv6Any, IPAddress.Loopback.MapToIPv6()];

    public static PortList List() => new(
    [
        .. Listeners().Where(listener => Reachable.Contains(listener.Address)).Select(listener => listener.Port).Distinct().Order()
            .Select(port => new ListeningPort(port)),
    ]);

    /// <summary>Returns an address at which a program listens on a port, or null.</summary>
    public static IPAddress? AddressOf(int port) => Array.Find(Listeners(), listener => listener.Port == port)?.Address switch
    {
        { } any when any.Equals(IPAddress.Any) => IPAddress.Loopback,
        { } any when any.Equals(IPAddress.IPv6Any) => IPAddress.IPv6Loopback,
        var address => address,
    };

    /// <summary>Connects to a port by IPv4, else by IPv6.</summary>
    /// <exception cref="ApiException"><see cref="ErrorCodes.PortNotListening"/>, or <see cref="ErrorCodes.SandboxUnavailable"/> when it does not take the
    /// connection.</exception>
    public static async Task<Socket> ConnectAsync(int port, CancellationToken cancellationToken)
    {
        SocketException? failure = null;
        foreach (IPAddress address in Addresses)
        {
            Socket socket = new(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            try
            {
                await socket.ConnectAsync(new IPEndPoint(address, port), cancellationToken);
                return socket;
            }
            catch (SocketException exception)
            {
                socket.Dispose();
                failure ??= exception;
            }
            catch
            {
                socket.Dispose();
                throw;
            }
        }

        throw failure!.SocketErrorCode == SocketError.ConnectionRefused
            ? new ApiException(ErrorCodes.PortNotListening, $"No program in the sandbox listens on port {port}.", failure)
            : new ApiException(ErrorCodes.SandboxUnavailable, $"The program on port {port} did not accept the connection: {failure.Message}.", failure);
    }

    private static IPEndPoint[] Listeners() => IPGlobalProperties.GetIPGlobalProperties().GetActiveTcpListeners();
}
