using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Sandbox.Agent.Contexts.Jupyter;

/// <summary>Where a kernel listens and what its messages are signed with: the connection file.</summary>
internal sealed class KernelConnection
{
    private static readonly string[] Channels = ["shell_port", "iopub_port", "stdin_port", "control_port", "hb_port"];

    private readonly int[] ports = FreePorts(Channels.Length);
    private readonly string key = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32));

    /// <summary>The port for requests.</summary>
    public int Shell => ports[0];

    /// <summary>The port for output.</summary>
    public int Output => ports[1];

    /// <summary>The port for requests that do not wait.</summary>
    public int Control => ports[3];

    /// <summary>What messages are signed with.</summary>
    public byte[] Key => Encoding.ASCII.GetBytes(key);

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
        writer.WriteString("key", key);
        writer.WriteString("signature_scheme", "hmac-sha256");
        for (int i = 0; i < Channels.Length; i++)
        {
            writer.WriteNumber(Channels[i], ports[i]);
        }

        writer.WriteEndObject();
    }

    // Free now; a kernel that finds one taken ends, and says so.
    private static int[] FreePorts(int count)
    {
        Socket[] sockets = [.. Enumerable.Range(0, count).Select(_ => new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp))];
        try
        {
            return
            [
                .. sockets.Select(socket =>
                {
                    socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
                    return ((IPEndPoint)socket.LocalEndPoint!).Port;
                }),
            ];
        }
        finally
        {
            Array.ForEach(sockets, socket => socket.Dispose());
        }
    }
}
