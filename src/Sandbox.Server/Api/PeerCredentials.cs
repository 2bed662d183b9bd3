using System.Net.Sockets;
using Microsoft.AspNetCore.Connections.Features;
using Sandbox.Linux;
using Sandbox.Server.Sandboxes;

namespace Sandbox.Server.Api;

/// <summary>Which process calls.</summary>
internal static class PeerCredentials
{
    private const int SocketLevel = 1; // SOL_SOCKET
    private const int PeerCredentialsOption = 17; // SO_PEERCRED
    private const int CredentialsSize = 12; // pid, uid, gid

    /// <summary>The process at the other end of the server's own socket, on the kernel's word; null over TCP, and for one that cannot be seen from here.</summary>
    /// <param name="context">The request.</param>
    public static ProcessIdentity? Of(HttpContext context)
    {
        if (!ApiKey.IsLocal(context) || context.Features.Get<IConnectionSocketFeature>()?.Socket is not { AddressFamily: AddressFamily.Unix } socket)
        {
            return null;
        }

        Span<byte> credentials = stackalloc byte[CredentialsSize];
        socket.GetRawSocketOption(SocketLevel, PeerCredentialsOption, credentials);
        int id = BitConverter.ToInt32(credentials);
        return ProcessTable.Find(id) is { IsAlive: true } entry ? new ProcessIdentity(id, entry.StartTime) : null;
    }
}
