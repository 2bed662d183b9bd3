namespace Sandbox.Protocol;

/// <summary>Answer of <c>GET …/port</c>.</summary>
/// <param name="Ports">Where programs of the sandbox listen and can be reached, in ascending order.</param>
public sealed record PortList(IReadOnlyList<ListeningPort> Ports);

/// <summary>A port on which a program of the sandbox listens.</summary>
/// <param name="Port">Its number.</param>
public sealed record ListeningPort(int Port);
