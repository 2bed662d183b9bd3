namespace Sandbox.Client;

/// <summary>What a user chose with <c>Connect-SandboxServer</c>: a server with its key, or another sandbox for when none is named.</summary>
/// <param name="endpoint">The server; null for the one that is used anyway.</param>
/// <param name="apiKey">Its key, if it asks for one.</param>
/// <param name="defaultSandbox">The sandbox that is meant when none is named; null for the usual one.</param>
public sealed class ServerConnection(ServerEndpoint? endpoint, string? apiKey, string? defaultSandbox)
{
    /// <summary>The server; null for the one that is used anyway.</summary>
    public ServerEndpoint? Endpoint { get; } = endpoint;

    /// <summary>The sandbox that is meant when none is named; null for the usual one.</summary>
    public string? DefaultSandbox { get; } = defaultSandbox;

    internal string? ApiKey { get; } = apiKey;
}
