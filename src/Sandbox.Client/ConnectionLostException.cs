namespace Sandbox.Client;

/// <summary>The connection broke after the request was sent: what the server did with it is not known.</summary>
public sealed class ConnectionLostException : Exception
{
    /// <summary>Creates the failure.</summary>
    /// <param name="server">The server's address.</param>
    /// <param name="inner">What broke.</param>
    public ConnectionLostException(string server, Exception? inner = null)
        : base($"The connection to the server at '{server}' was lost before the response was complete.", inner) => Server = server;

    /// <summary>The server's address.</summary>
    public string Server { get; }
}
