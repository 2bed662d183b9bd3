using System.Globalization;
using Sandbox.Client;

namespace Sandbox;

/// <summary>A snapshot of a forwarded local port.</summary>
public sealed class SandboxPort
{
    internal SandboxPort(PortForward forward)
    {
        LocalPort = forward.LocalPort;
        Port = forward.Port;
        SandboxId = forward.SandboxId;
        ProcessId = forward.ProcessId;
        Connections = forward.Connections;
        LastError = forward.LastError;
        CreatedAt = forward.CreatedAt;
        Server = forward.Server;
        Uri = string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{LocalPort}/");
    }

    /// <summary>Its key: the port of this machine.</summary>
    public int LocalPort { get; }

    /// <summary>The port in the sandbox.</summary>
    public int Port { get; }

    /// <summary>The sandbox.</summary>
    public string SandboxId { get; }

    /// <summary>The process whose exit ends the forwarding; null for none.</summary>
    public string? ProcessId { get; }

    /// <summary>The HTTP address of the local port.</summary>
    public string Uri { get; }

    /// <summary>The number of open connections.</summary>
    public int Connections { get; }

    /// <summary>The message of the last connection failure.</summary>
    public string? LastError { get; }

    /// <summary>The time of creation.</summary>
    public DateTimeOffset CreatedAt { get; }

    /// <summary>The address of the server.</summary>
    public string Server { get; }

    /// <inheritdoc />
    public override string ToString() => Uri;
}
