using System.Globalization;
using System.Net;

namespace Sandbox.Linux;

/// <summary>What <c>/proc/net/tcp</c> and <c>/proc/net/tcp6</c> say about sockets of this network namespace: see proc(5).</summary>
public static class SocketTable
{
    private const string Listening = "0A";

    /// <summary>An address at which a port is listened on, reachable from here; null when nobody listens.</summary>
    /// <param name="port">The port.</param>
    public static IPAddress? ListenerOn(int port)
    {
        foreach ((string file, IPAddress loopback) in (ReadOnlySpan<(string, IPAddress)>)[("/proc/net/tcp", IPAddress.Loopback), ("/proc/net/tcp6", IPAddress.IPv6Loopback)])
        {
            if (Find(file, port) is { } address)
            {
                return address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any) ? loopback : address;
            }
        }

        return null;
    }

    private static IPAddress? Find(string file, int port)
    {
        string suffix = port.ToString("X4", CultureInfo.InvariantCulture);
        foreach (string line in File.Exists(file) ? File.ReadLines(file) : [])
        {
            // "  0: 0100007F:1F90 00000000:0000 0A …": slot, own address, other address, state.
            string[] fields = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (fields.Length > 3 && fields[3] == Listening && fields[1].Split(':') is [var address, var number] && number == suffix)
            {
                return Read(address);
            }
        }

        return null;
    }

    /// <summary>Each group of 8 digits is a word of the address, in this machine's byte order.</summary>
    private static IPAddress Read(string digits)
    {
        byte[] bytes = new byte[digits.Length / 2];
        for (int word = 0; word < bytes.Length; word += sizeof(uint))
        {
            BitConverter.TryWriteBytes(bytes.AsSpan(word), uint.Parse(digits.AsSpan(word * 2, sizeof(uint) * 2), NumberStyles.HexNumber, CultureInfo.InvariantCulture));
        }

        return new IPAddress(bytes);
    }
}
