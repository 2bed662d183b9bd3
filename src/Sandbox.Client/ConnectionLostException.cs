namespace Sandbox.Client;

/// <summary>The connection broke after the request was sent, so it is unknown whether the server executed it.</summary>
public sealed class ConnectionLostException : Exception
{
    /// <summary>Creates the exception.</summary>
    /// <param name="server">The server's address.</param>
    /// <param name="inner">The cause.</param>
    public ConnectionLostException(string server, Exception? inner = null)
        : base($"The connection to the server at '{server}' was lost before the response was complete.", inner) => Server = server;

    /// <summary>The server's address.</summary>
    public string Server { get; }
}
