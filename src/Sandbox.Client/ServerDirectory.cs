using Sandbox.Protocol;

namespace Sandbox.Client;

/// <summary>The servers this process talks to: one client each, found by address. Chosen by <c>SANDBOX_URI</c>, else the local one, started when needed.</summary>
public static class ServerDirectory
{
    private static readonly Lock Gate = new();
    private static readonly SemaphoreSlim Starting = new(1, 1);
    private static readonly Dictionary<string, SandboxClient> Clients = new(StringComparer.Ordinal);
    private static readonly Dictionary<string, string> Keys = new(StringComparer.Ordinal);
    private static (string? Home, string Server)? s_local;

    /// <summary>The server that is used when none is named.</summary>
    /// <param name="connection">What the user chose; null for nothing.</param>
    /// <param name="log">Is told which server is used, and that one was started; may be called on any thread.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    public static async ValueTask<SandboxClient> GetDefaultAsync(ServerConnection? connection, Action<string> log, CancellationToken cancellationToken)
    {
        if (connection?.Endpoint is { } connected)
        {
            log($"Using the server '{connected.Text}' that was connected to.");
            return Get(connected, connection.ApiKey);
        }

        if (ChosenServer is { } chosen)
        {
            log($"Using the server '{chosen.Text}' that SANDBOX_URI names.");
            return Get(chosen, null);
        }

        if (KnownLocal is { } known)
        {
            log($"Using the local server '{known}'.");
            return Get(ServerEndpoint.Parse(known), null);
        }

        return await StartAsync(log, cancellationToken);
    }

    /// <summary>The client of the server with this address, as an object carries it.</summary>
    /// <param name="server">The address.</param>
    public static SandboxClient Get(string server) => Get(ServerEndpoint.Parse(server), null);

    /// <summary>Finds the local server or starts it.</summary>
    /// <param name="log">Is told which it was.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    public static async Task<SandboxClient> StartAsync(Action<string> log, CancellationToken cancellationToken)
    {
        ReadyLine ready = await StartLocalAsync(cancellationToken);
        log(ready.Started
            ? $"Started the local server '{ready.Uri}', process {ready.ProcessId}, log '{ready.Log}'."
            : $"Using the local server '{ready.Uri}', process {ready.ProcessId}, which was running.");
        return Get(ServerEndpoint.Parse(ready.Uri), null);
    }

    /// <summary>A client of the server that is used when none is named, which starts nothing and waits for no more than a moment; null where none is.</summary>
    /// <param name="connection">What the user chose; null for nothing.</param>
    /// <param name="patience">How long it waits.</param>
    public static SandboxClient? Peek(ServerConnection? connection, TimeSpan patience)
    {
        ServerEndpoint? endpoint = connection?.Endpoint ?? ChosenServer
            ?? (LocalHome.FindSocket() is { } socket ? ServerEndpoint.Parse($"unix:{socket}") : null);
        return endpoint is null ? null : new(endpoint, KeyOf(endpoint, connection?.ApiKey), new() { Connect = patience, Request = patience });
    }

    /// <summary>Whether the local server is the one that is used when none is named.</summary>
    /// <param name="connection">What the user chose; null for nothing.</param>
    public static bool IsLocalDefault(ServerConnection? connection) => (connection?.Endpoint ?? ChosenServer) is null;

    /// <summary>Remembers the key of a server, for objects that carry its address.</summary>
    /// <param name="server">The server.</param>
    /// <param name="apiKey">The key; null forgets it.</param>
    public static void Remember(ServerEndpoint server, string? apiKey)
    {
        lock (Gate)
        {
            if (apiKey is null)
            {
                Keys.Remove(server.Text);
            }
            else
            {
                Keys[server.Text] = apiKey;
            }
        }
    }

    private static ServerEndpoint? ChosenServer =>
        Environment.GetEnvironmentVariable("SANDBOX_URI") is { Length: > 0 } uri ? ServerEndpoint.Parse(uri) : null;

    // Where the local server's things lie may change while the process runs; what was found before is then another server.
    private static string? Home => Environment.GetEnvironmentVariable("SANDBOX_HOME");

    private static string? KnownLocal
    {
        get
        {
            lock (Gate)
            {
                return s_local is { } local && local.Home == Home ? local.Server : null;
            }
        }
    }

    private static SandboxClient Get(ServerEndpoint endpoint, string? givenKey)
    {
        lock (Gate)
        {
            string? key = KeyOf(endpoint, givenKey);
            string name = key is null ? endpoint.Text : $"{endpoint.Text} {key}";
            if (!Clients.TryGetValue(name, out SandboxClient? client))
            {
                client = new(endpoint, key is { Length: > 0 } ? key : null,
                    restart: endpoint.IsLocal && ChosenServer is null ? cancellationToken => RestartAsync(endpoint, cancellationToken) : null);
                Clients.Add(name, client);
            }

            return client;
        }
    }

    // A key goes to the server it was given for, never to one that an object names.
    private static string? KeyOf(ServerEndpoint endpoint, string? givenKey)
    {
        lock (Gate)
        {
            return givenKey ?? (Keys.TryGetValue(endpoint.Text, out string? known) ? known
                : ChosenServer is { } chosen && chosen.Text == endpoint.Text ? Environment.GetEnvironmentVariable("SANDBOX_API_KEY")
                : null);
        }
    }

    private static async Task RestartAsync(ServerEndpoint endpoint, CancellationToken cancellationToken)
    {
        ReadyLine ready = await StartLocalAsync(cancellationToken);
        if (ready.Uri != endpoint.Text)
        {
            throw new ServerUnreachableException(endpoint.Text,
                new IOException($"no server is there; the local server of this user and SANDBOX_HOME is '{ready.Uri}'"));
        }
    }

    private static async Task<ReadyLine> StartLocalAsync(CancellationToken cancellationToken)
    {
        string? home = Home;
        await Starting.WaitAsync(cancellationToken);
        try
        {
            ReadyLine ready = await LocalServer.StartAsync(null, cancellationToken);
            lock (Gate)
            {
                s_local = (home, ready.Uri);
            }

            return ready;
        }
        finally
        {
            Starting.Release();
        }
    }
}
