namespace Sandbox.Client;

/// <summary>No connection to the server could be made: the request never reached it, so it can be repeated.</summary>
public sealed class ServerUnreachableException : Exception
{
    /// <summary>Creates the exception.</summary>
    /// <param name="server">The server's address.</param>
    /// <param name="inner">The cause.</param>
    public ServerUnreachableException(string server, Exception? inner = null)
        : base($"The server at '{server}' cannot be reached{(inner is null ? "" : ": " + inner.Message.TrimEnd('.'))}.", inner) => Server = server;

    /// <summary>The server's address.</summary>
    public string Server { get; }
}
