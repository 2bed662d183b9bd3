using Sandbox.Client;

namespace Sandbox;

/// <summary>An environment variable of a sandbox or a session.</summary>
public sealed class SandboxEnvVariable
{
    private const string Mask = "********";

    internal SandboxEnvVariable(string name, string? value, bool isSecret, SandboxHandle sandbox)
    {
        Name = name;
        Value = value ?? (isSecret ? Mask : "");
        IsSecret = isSecret;
        SandboxId = sandbox.Id;
        SessionId = sandbox.SessionId;
        Server = sandbox.Server;
    }

    /// <summary>Its name.</summary>
    public string Name { get; }

    /// <summary>Its value; asterisks for a secret that was not asked for in plain text.</summary>
    public string Value { get; }

    /// <summary>Whether the value is masked by default.</summary>
    public bool IsSecret { get; }

    /// <summary>The id of the sandbox.</summary>
    public string SandboxId { get; }

    /// <summary>The id of the session; null for a variable of the sandbox.</summary>
    public string? SessionId { get; }

    /// <summary>The address of the server.</summary>
    public string Server { get; }

    /// <summary>The name: a value could be a secret.</summary>
    public override string ToString() => Name;
}
