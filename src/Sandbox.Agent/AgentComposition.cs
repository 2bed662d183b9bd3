using Sandbox.Agent.Commands;
using Sandbox.Agent.Code;
using Sandbox.Agent.Ports;
using Sandbox.Agent.Sessions;
using Sandbox.Agent.Shells;
using Sandbox.Agent.Terminals;
using Sandbox.Linux;
using Sandbox.Protocol;

namespace Sandbox.Agent;

/// <summary>What everything in one agent shares.</summary>
internal sealed class AgentComposition : IDisposable
{
    /// <summary>Sets up an agent.</summary>
    /// <param name="paths">Where things lie.</param>
    /// <param name="onError">Told of defects that no request can be told of.</param>
    public AgentComposition(AgentPaths paths, Action<Exception> onError)
    {
        Paths = paths;
        Loop = new EventLoop(onError);
        FifoOpenWatcher = new FifoOpenWatcher(Loop);
        Shells = new ShellPool(paths, Loop);
        Store = new StateStore(paths.State);
        Commands = new CommandRegistry(paths.State, Store.LoadSandbox()?.Retention ?? Retention.Usual, Loop);
        Sessions = new SessionRegistry(this);
        Contexts = new ContextRegistry(this);
        Shells.Fill();
    }

    /// <summary>Where things lie.</summary>
    public AgentPaths Paths { get; }

    /// <summary>The thread that watches pipes and processes.</summary>
    public EventLoop Loop { get; }

    /// <summary>Tells when shells open the pipes that their commands read.</summary>
    public FifoOpenWatcher FifoOpenWatcher { get; }

    /// <summary>Where shells come from.</summary>
    public ShellPool Shells { get; }

    /// <summary>What outlives the agent.</summary>
    public StateStore Store { get; }

    /// <summary>The commands.</summary>
    public CommandRegistry Commands { get; }

    /// <summary>The sessions.</summary>
    public SessionRegistry Sessions { get; }

    /// <summary>The code contexts.</summary>
    public ContextRegistry Contexts { get; }

    /// <summary>The sandbox's own terminal, of no session.</summary>
    public TerminalHolder Terminal { get; } = new();

    /// <summary>The way to programs that listen on ports.</summary>
    public PortForwarder Ports { get; } = new();

    /// <inheritdoc/>
    public void Dispose()
    {
        Contexts.Dispose();
        Ports.Dispose();
        Terminal.Close();
        Shells.Dispose();
        FifoOpenWatcher.Dispose();
        Loop.Dispose();
    }
}
