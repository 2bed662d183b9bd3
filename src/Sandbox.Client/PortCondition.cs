namespace Sandbox.Client;

/// <summary>A condition to wait for: a program listens on a port and, optionally, responds over HTTP.</summary>
/// <param name="port">The port.</param>
/// <param name="path">The HTTP path to request; null to wait for a listener only.</param>
/// <param name="status">The expected HTTP status; null for any from 200 to 399.</param>
public sealed class PortCondition(int port, string? path, int? status)
{
    internal RequestAddress AddTo(RequestAddress address) => address.With("port", port).With("path", path).With("status", status);
}
