using System.Management.Automation;
using System.Net;
using System.Security;
using Sandbox.Client;
using Sandbox.Protocol;

namespace Sandbox.Commands;

/// <summary>Sets the server and the default sandbox for the cmdlets of this runspace.</summary>
[Cmdlet(VerbsCommunications.Connect, "SandboxServer")]
[OutputType(typeof(SandboxServer))]
public sealed class ConnectSandboxServerCommand : SandboxServerCommandBase
{
    /// <summary>The server's address: <c>https://host:port</c>, or <c>unix:/path</c>. Left out, it is the one that is used anyway.</summary>
    [Parameter(Position = 0, HelpMessage = "The address of the server.")]
    [ServerTransformation]
    [ValidateNotNullOrEmpty]
    public string? Uri { get; set; }

    /// <summary>The API key. It is kept in this runspace and sent only to this server.</summary>
    [Parameter(HelpMessage = "The API key of the server.")]
    [ValidateNotNull]
    public SecureString? ApiKey { get; set; }

    /// <summary>The default sandbox, which is created on first use.</summary>
    [Parameter(HelpMessage = "The default sandbox of this runspace.")]
    [ValidateNotNullOrEmpty]
    public string? DefaultSandbox { get; set; }

    /// <summary>Returns the server.</summary>
    [Parameter(HelpMessage = "Returns the server.")]
    public SwitchParameter PassThru { get; set; }

    /// <inheritdoc />
    protected override void ProcessRecord()
    {
        if (ApiKey is not null && Uri is null)
        {
            ThrowTerminatingError(Errors.InvalidArgument("-ApiKey needs the address of a server. Specify it with -Uri.", null));
        }

        string? key = ApiKey is null ? null : new NetworkCredential("", ApiKey).Password;
        ServerConnection connection = RunOrTerminate(Uri, () => new ServerConnection(
            Uri is null ? null : ServerEndpoint.Parse(Uri), key, DefaultSandbox is null ? null : Identifier.Require(DefaultSandbox, "sandbox")));
        SandboxClient client = ClientOf(connection);

        // Keep the previous connection if the server does not respond.
        ServerInfo info = Ask(client);
        ModuleState.Connection = connection;
        if (connection.Endpoint is { } endpoint && key is not null)
        {
            ModuleState.Clients.SetKey(endpoint, key);
        }

        if (PassThru)
        {
            WriteObject(new SandboxServer(client.Server, info, ModuleState.Clients.IsLocalDefault(connection), ModuleState.DefaultSandbox));
        }
    }
}
