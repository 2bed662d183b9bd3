namespace Sandbox.Client;

/// <summary>The server, API key and default sandbox selected with <c>Connect-SandboxServer</c>.</summary>
/// <param name="endpoint">The server; null for the default one.</param>
/// <param name="apiKey">The API key; null for none.</param>
/// <param name="defaultSandbox">The default sandbox; null for <c>default</c>.</param>
public sealed class ServerConnection(ServerEndpoint? endpoint, string? apiKey, string? defaultSandbox)
{
    /// <summary>The server; null for the default one.</summary>
    public ServerEndpoint? Endpoint { get; } = endpoint;

    /// <summary>The default sandbox; null for <c>default</c>.</summary>
    public string? DefaultSandbox { get; } = defaultSandbox;

    internal string? ApiKey { get; } = apiKey;
}
