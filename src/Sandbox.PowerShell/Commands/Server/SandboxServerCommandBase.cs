using Sandbox.Client;
using Sandbox.Protocol;

namespace Sandbox;

/// <summary>Base of cmdlets that act on the server.</summary>
public abstract class SandboxServerCommandBase : SandboxCommandBase
{
    // Short: a running server responds at once.
    private static readonly TimeSpan LookLimit = TimeSpan.FromSeconds(10);

    /// <summary>A client of the server in use that never starts it; null where none runs.</summary>
    private protected SandboxClient? Peek() => RunOrTerminate(null, () => ModuleState.Clients.Peek(ModuleState.Connection, LookLimit)?.WithTrace(Trace));

    /// <summary>Returns the server in use without starting it. A local server that is not running has the state Stopped.</summary>
    private protected SandboxServer? Look()
    {
        bool isLocal = ModuleState.Clients.IsLocalDefault(ModuleState.Connection);
        SandboxClient? client = Peek();
        if (client is null)
        {
            return new SandboxServer(null, null, isLocal, ModuleState.DefaultSandbox);
        }

        try
        {
            return new SandboxServer(client.Server, Wait(client.GetServerAsync), isLocal, ModuleState.DefaultSandbox);
        }
        catch (ServerUnreachableException) when (isLocal)
        {
            // A stale socket.
            return new SandboxServer(null, null, isLocal, ModuleState.DefaultSandbox);
        }
        catch (Exception e) when (Errors.IsExpected(e))
        {
            WriteError(Errors.From(e, client.Server));
            return null;
        }
    }

    /// <summary>What a server says of itself, or ends the command.</summary>
    /// <param name="client">The server.</param>
    private protected ServerInfo Ask(SandboxClient client) => RunOrTerminate(client.Server, () => Wait(client.GetServerAsync));
}
