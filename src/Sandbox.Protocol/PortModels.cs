namespace Sandbox.Protocol;

/// <summary>Response of <c>GET …/port</c>.</summary>
/// <param name="Ports">The reachable ports, in ascending order.</param>
public sealed record PortList(IReadOnlyList<ListeningPort> Ports);

/// <summary>A port on which a program in the sandbox listens.</summary>
/// <param name="Port">The port number.</param>
public sealed record ListeningPort(int Port);
