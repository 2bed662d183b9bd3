using System.Buffers.Binary;
using System.Globalization;
using System.Net.Sockets;
using Sandbox.Protocol;

namespace Sandbox.Client;

/// <summary>Connects to a server's socket only if the server belongs to this user or to root: whoever can replace the socket must not
/// receive requests.</summary>
internal static class SocketPeer
{
    private const int SocketLevel = 1; // SOL_SOCKET
    private const int PeerCredentials = 17; // SO_PEERCRED, see unix(7)
    private const int CredentialsLength = 12; // pid, uid, gid

    // Without it, on another system than Linux, nothing is compared.
    private static readonly Lazy<uint?> CurrentUser = new(ReadCurrentUser);

    /// <summary>The user of this process; null on another system than Linux.</summary>
    public static uint? CurrentUserId => CurrentUser.Value;

    /// <summary>Connects to a socket.</summary>
    /// <param name="path">The socket.</param>
    /// <param name="expected">The user that its process must have, if it is not root; null for this process's user.</param>
    /// <param name="cancellationToken">Cancels connecting.</param>
    /// <exception cref="ApiException"><see cref="ErrorCodes.ServerNotTrusted"/>.</exception>
    public static async ValueTask<Stream> ConnectAsync(string path, uint? expected, CancellationToken cancellationToken)
    {
        NetworkStream connection = (NetworkStream)await UnixSocket.ConnectAsync(path, cancellationToken);
        if ((expected ?? CurrentUserId) is { } user && OwnerOf(connection.Socket) is var owner && owner != user && owner != 0)
        {
            await connection.DisposeAsync();
            throw new ApiException(ErrorCodes.ServerNotTrusted,
                $"The process that listens at '{path}' belongs to the user {owner}, not to the user {user}. Nothing was sent to it.");
        }

        return connection;
    }

    private static uint OwnerOf(Socket socket)
    {
        Span<byte> credentials = stackalloc byte[CredentialsLength];
        socket.GetRawSocketOption(SocketLevel, PeerCredentials, credentials);
        return BinaryPrimitives.ReadUInt32LittleEndian(credentials[sizeof(int)..]);
    }

    // 'Uid:', then the real and the effective user id, see proc(5).
    private static uint? ReadCurrentUser() => !OperatingSystem.IsLinux() ? null : uint.Parse(
        File.ReadLines("/proc/self/status").First(line => line.StartsWith("Uid:", StringComparison.Ordinal)).Split('\t')[2], CultureInfo.InvariantCulture);
}
