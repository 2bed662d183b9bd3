namespace Sandbox.Client;

/// <summary>Settings of the client that come from the environment. A snapshot: later changes of the environment do not affect it.</summary>
public sealed class ClientSettings
{
    internal const string HomeVariable = "SANDBOX_HOME";
    internal const string StateHomeVariable = "XDG_STATE_HOME";
    internal const string RuntimeDirectoryVariable = "XDG_RUNTIME_DIR";

    /// <summary>The address of the default server (<c>SANDBOX_URI</c>); null for the local server.</summary>
    public string? Uri { get; init; }

    /// <summary>The API key of the server at <see cref="Uri"/> (<c>SANDBOX_API_KEY</c>).</summary>
    public string? ApiKey { get; init; }

    /// <summary>The directory of the local server (<c>SANDBOX_HOME</c>); null for the usual directories of the user.</summary>
    public string? Home { get; init; }

    /// <summary>The user's directory for state (<c>XDG_STATE_HOME</c>).</summary>
    public string? StateHome { get; init; }

    /// <summary>The user's directory for sockets (<c>XDG_RUNTIME_DIR</c>).</summary>
    public string? RuntimeDirectory { get; init; }

    /// <summary>The program that runs a framework-dependent server (<c>DOTNET_HOST_PATH</c>); null for <c>dotnet</c> on the path.</summary>
    public string? DotnetHost { get; init; }

    /// <summary>Reads the environment of this process. An empty variable counts as unset.</summary>
    public static ClientSettings FromEnvironment() => new()
    {
        Uri = Read("SANDBOX_URI"),
        ApiKey = Read("SANDBOX_API_KEY"),
        Home = Read(HomeVariable),
        StateHome = Read(StateHomeVariable),
        RuntimeDirectory = Read(RuntimeDirectoryVariable),
        DotnetHost = Read("DOTNET_HOST_PATH"),
    };

    private static string? Read(string variable) => Environment.GetEnvironmentVariable(variable) is { Length: > 0 } value ? value : null;
}
