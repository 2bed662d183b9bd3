using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Sandbox.Agent.Code.Jupyter;

/// <summary>Where a kernel listens and what its messages are signed with: the connection file.</summary>
/// <remarks>The ports are reserved until this is disposed: nobody else is given one before the kernel listens on it.</remarks>
internal sealed class ConnectionFile : IDisposable
{
    private static readonly string[] Channels = ["shell_port", "iopub_port", "stdin_port", "control_port", "hb_port"];

    private readonly Socket[] _reservations;
    private readonly int[] _ports;
    private readonly string _key = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32));

    /// <summary>Reserves ports.</summary>
    public ConnectionFile()
    {
        _reservations = [.. Channels.Select(_ => Reserve())];
        _ports = [.. _reservations.Select(socket => ((IPEndPoint)socket.LocalEndPoint!).Port)];
    }

    /// <summary>The port for requests.</summary>
    public int Shell => _ports[0];

    /// <summary>The port for output.</summary>
    public int Output => _ports[1];

    /// <summary>The port for requests that do not wait.</summary>
    public int Control => _ports[3];

    /// <summary>What messages are signed with.</summary>
    public byte[] Key => Encoding.ASCII.GetBytes(_key);

    /// <summary>Writes the file, which only this user may read.</summary>
    /// <param name="path">Where.</param>
    public void Write(string path)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        using FileStream file = new(path, new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.Write,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        });
        using Utf8JsonWriter writer = new(file);
        writer.WriteStartObject();
        writer.WriteString("transport", "tcp");
        writer.WriteString("ip", "127.0.0.1");
        writer.WriteString("key", _key);
        writer.WriteString("signature_scheme", "hmac-sha256");
        for (int i = 0; i < Channels.Length; i++)
        {
            writer.WriteNumber(Channels[i], _ports[i]);
        }

        writer.WriteEndObject();
    }

    /// <inheritdoc/>
    public void Dispose() => Array.ForEach(_reservations, socket => socket.Dispose());

    // Bound and not listening, with SO_REUSEADDR: a server that sets that too, as ZeroMQ does, may listen on the port, see socket(7).
    private static Socket Reserve()
    {
        const int socketLevel = 1, reuseAddress = 2;
        Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.SetRawSocketOption(socketLevel, reuseAddress, BitConverter.GetBytes(1));
            socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
