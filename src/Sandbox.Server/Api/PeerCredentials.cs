using System.Net.Sockets;
using Microsoft.AspNetCore.Connections.Features;
using Sandbox.Linux;
using Sandbox.Server.Infrastructure;

namespace Sandbox.Server.Api;

/// <summary>Identifies calling processes, see unix(7), SO_PEERCRED.</summary>
internal static class PeerCredentials
{
    private const int SocketLevel = 1; // SOL_SOCKET
    private const int PeerCredentialsOption = 17; // SO_PEERCRED
    private const int CredentialsSize = 12; // pid, uid, gid

    /// <summary>Returns the process at the other end of the server's socket; null over TCP and for a process that is not visible here.</summary>
    public static ProcessIdentity? Of(HttpContext context)
    {
        if (!ApiKey.IsLocal(context) || context.Features.Get<IConnectionSocketFeature>()?.Socket is not { AddressFamily: AddressFamily.Unix } socket)
        {
            return null;
        }

        Span<byte> credentials = stackalloc byte[CredentialsSize];
        socket.GetRawSocketOption(SocketLevel, PeerCredentialsOption, credentials);
        int id = BitConverter.ToInt32(credentials);
        return ProcessTable.Find(id) is { IsAlive: true } entry ? ProcessIdentity.Of(entry) : null;
    }
}
