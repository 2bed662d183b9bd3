using Sandbox.Agent.Api;
using Sandbox.Agent.Code;
using Sandbox.Agent.Commands;
using Sandbox.Agent.Files;
using Sandbox.Agent.Sessions;
using Sandbox.Agent.Shells;
using Sandbox.Agent.Terminals;
using Sandbox.Linux;
using Sandbox.Protocol;

namespace Sandbox.Agent;

/// <summary>Creates the parts of an agent, gives each what it needs, and disposes of them.</summary>
internal sealed class AgentComposition : IDisposable
{
    private readonly ShellPool _shells;

    public AgentComposition(AgentPaths paths, Action<Exception> onError)
    {
        Paths = paths;
        Loop = new EventLoop(onError);
        _shells = new ShellPool(paths.Runtime, paths.ShellLauncher, Loop);
        Unfinished = new UnfinishedFiles(Path.Combine(paths.State, "unfinished"));
        StateStore store = new(paths.State);
        Commands = new CommandRegistry(paths.State, store.LoadSandbox()?.Retention ?? Retention.Usual, Loop);
        Sessions = new SessionRegistry(_shells, store, Loop, paths.Workspace);
        Contexts = new ContextRegistry(Sessions, new InterpreterResolver(paths.Kernels, paths.Runtime, Loop));
        _shells.Fill();
    }

    public AgentPaths Paths { get; }

    public UnfinishedFiles Unfinished { get; }

    public EventLoop Loop { get; }

    public CommandRegistry Commands { get; }

    public SessionRegistry Sessions { get; }

    public ContextRegistry Contexts { get; }

    /// <summary>The terminal of requests without a session.</summary>
    public TerminalHolder Terminal { get; } = new();

    public PortForwarder Ports { get; } = new();

    public void Dispose()
    {
        Contexts.Dispose();
        Ports.Dispose();
        Terminal.Close();
        _shells.Dispose();
        Loop.Dispose();
    }
}
