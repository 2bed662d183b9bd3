using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Sandbox.Agent.Code.Jupyter;

/// <summary>A kernel's connection file: its ports and the key of its messages.</summary>
/// <remarks>The ports are reserved until this is disposed, so that no other program gets one before the kernel listens on it.</remarks>
internal sealed class ConnectionFile : IDisposable
{
    private static readonly string[] Channels = ["shell_port", "iopub_port", "stdin_port", "control_port", "hb_port"];

    private readonly Socket[] _reservations;
    private readonly int[] _ports;
    private readonly string _key = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32));

    public ConnectionFile()
    {
        _reservations = [.. Channels.Select(_ => Reserve())];
        _ports = [.. _reservations.Select(socket => ((IPEndPoint)socket.LocalEndPoint!).Port)];
    }

    public int Shell => _ports[0];

    public int Output => _ports[1];

    public int Control => _ports[3];

    public byte[] Key => Encoding.ASCII.GetBytes(_key);

    /// <summary>Writes the file, readable for this user only.</summary>
    public void Write(string path)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        AtomicFile.Write(path, UnixFileMode.UserRead | UnixFileMode.UserWrite, Write);
    }

    private void Write(Stream file)
    {
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

    /// <inheritdoc />
    public void Dispose() => Array.ForEach(_reservations, socket => socket.Dispose());

    // Bound but not listening, with SO_REUSEADDR: a server that also sets it, as ZeroMQ does, can listen on the port, see socket(7).
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
