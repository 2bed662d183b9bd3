using Sandbox.Protocol;

namespace Sandbox.Client;

/// <summary>Keeps one client for each server address, and starts the local server when it is needed. All members are thread-safe.</summary>
/// <param name="settings">Selects the default server: <see cref="ClientSettings.Uri"/>, else the local one.</param>
/// <param name="serverFolder">The folder that contains <c>server/&lt;rid&gt;/</c>; the module's own when null.</param>
public sealed class ClientCache(ClientSettings settings, string? serverFolder = null) : IDisposable
{
    private readonly Lock _gate = new();
    private readonly SemaphoreSlim _starting = new(1, 1);
    private readonly Dictionary<(string Server, string? Key, ClientTimeouts? Limits), SandboxClient> _clients = [];
    private readonly Dictionary<string, string> _keys = new(StringComparer.Ordinal);
    private volatile string? _localServer;

    private ServerEndpoint? ConfiguredServer => settings.Uri is { } uri ? ServerEndpoint.Parse(uri) : null;

    /// <summary>Returns the client of the default server; a local one is started if it does not run.</summary>
    /// <param name="connection">The user's choice; null for none.</param>
    /// <param name="log">Receives which server is used, and whether it was started. Called on any thread.</param>
    /// <param name="cancellationToken">Cancels the request.</param>
    public async ValueTask<SandboxClient> GetDefaultAsync(ServerConnection? connection, Action<string> log, CancellationToken cancellationToken)
    {
        if (connection?.Endpoint is { } connected)
        {
            log($"Using the connected server '{connected.Text}'.");
            return Get(connected, connection.ApiKey);
        }

        if (ConfiguredServer is { } configured)
        {
            log($"Using the server '{configured.Text}' from SANDBOX_URI.");
            return Get(configured, null);
        }

        if (_localServer is { } known)
        {
            log($"Using the local server '{known}'.");
            return Get(known);
        }

        return await StartAsync(log, cancellationToken);
    }

    /// <summary>Returns the client of the server with this address.</summary>
    /// <param name="server">The address, as objects carry it.</param>
    public SandboxClient Get(string server) => Get(ServerEndpoint.Parse(server), null);

    /// <summary>Finds the local server or starts it.</summary>
    /// <param name="log">Receives which of the two happened. Called on any thread.</param>
    /// <param name="cancellationToken">Cancels the request.</param>
    public async Task<SandboxClient> StartAsync(Action<string> log, CancellationToken cancellationToken)
    {
        ReadyMessage ready = await StartLocalAsync(cancellationToken);
        log(ready.Started
            ? $"Started the local server '{ready.Uri}', process {ready.ProcessId}, log '{ready.Log}'."
            : $"Using the local server '{ready.Uri}', process {ready.ProcessId}, which was already running.");
        return Get(ready.Uri);
    }

    /// <summary>Returns a client of the default server that never starts it, or null if no local server runs.</summary>
    /// <param name="connection">The user's choice; null for none.</param>
    /// <param name="timeout">The time limit of the client for connecting and for each request.</param>
    public SandboxClient? Peek(ServerConnection? connection, TimeSpan timeout)
    {
        ServerEndpoint? endpoint = connection?.Endpoint ?? ConfiguredServer
            ?? (LocalServerPaths.FindSocket(settings) is { } socket ? ServerEndpoint.Parse($"unix:{socket}") : null);
        return endpoint is null ? null : Get(endpoint, connection?.ApiKey, new() { Connect = timeout, Request = timeout });
    }

    /// <summary>Whether the default server is the local one.</summary>
    /// <param name="connection">The user's choice; null for none.</param>
    public bool IsLocalDefault(ServerConnection? connection) => (connection?.Endpoint ?? ConfiguredServer) is null;

    /// <summary>Stores the key of a server, for objects that carry its address.</summary>
    /// <param name="server">The server.</param>
    /// <param name="apiKey">The key; null removes it.</param>
    public void SetKey(ServerEndpoint server, string? apiKey)
    {
        lock (_gate)
        {
            if (apiKey is null)
            {
                _keys.Remove(server.Text);
            }
            else
            {
                _keys[server.Text] = apiKey;
            }
        }
    }

    /// <summary>Closes the connections of all clients and cancels their requests.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            foreach (SandboxClient client in _clients.Values)
            {
                client.Close();
            }

            _clients.Clear();
        }

        _starting.Dispose();
    }

    // With limits it is a client that never starts the server.
    private SandboxClient Get(ServerEndpoint endpoint, string? givenKey, ClientTimeouts? limits = null)
    {
        lock (_gate)
        {
            string? key = KeyOf(endpoint, givenKey);
            if (!_clients.TryGetValue((endpoint.Text, key, limits), out SandboxClient? client))
            {
                bool canStart = limits is null && endpoint.IsLocal && settings.Uri is null;
                client = new(endpoint, key is { Length: > 0 } ? key : null, limits,
                    restart: canStart ? cancellationToken => RestartAsync(endpoint, cancellationToken) : null);
                _clients.Add((endpoint.Text, key, limits), client);
            }

            return client;
        }
    }

    // A key goes to the server it was given for, never to one that an object names.
    private string? KeyOf(ServerEndpoint endpoint, string? givenKey)
    {
        lock (_gate)
        {
            return givenKey ?? (_keys.TryGetValue(endpoint.Text, out string? known) ? known
                : ConfiguredServer?.Text == endpoint.Text ? settings.ApiKey
                : null);
        }
    }

    private async Task RestartAsync(ServerEndpoint endpoint, CancellationToken cancellationToken)
    {
        ReadyMessage ready = await StartLocalAsync(cancellationToken);
        if (ready.Uri != endpoint.Text)
        {
            throw new ServerUnreachableException(endpoint.Text,
                new IOException($"no server is listening; the local server of this user and SANDBOX_HOME is '{ready.Uri}'"));
        }
    }

    // Many requests that fail at once start one program after the other. Other caches and processes may start it meanwhile: the server's lock admits one.
    private async Task<ReadyMessage> StartLocalAsync(CancellationToken cancellationToken)
    {
        await _starting.WaitAsync(cancellationToken);
        try
        {
            ReadyMessage ready = await LocalServer.StartAsync(settings, serverFolder, cancellationToken);
            _localServer = ready.Uri;
            return ready;
        }
        finally
        {
            _starting.Release();
        }
    }
}
