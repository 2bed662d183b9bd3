using System.Management.Automation;
using System.Management.Automation.Runspaces;
using System.Runtime.CompilerServices;
using Sandbox.Client;

namespace Sandbox;

/// <summary>The module's state in one runspace. It ends with the runspace, or when the module is removed from it.</summary>
/// <remarks>The environment is read when the state is created, at the runspace's first use of the module, because other runspaces of the process may change
/// it at any time.</remarks>
internal sealed class ModuleState
{
    private static readonly ConditionalWeakTable<Runspace, ModuleState> States = [];

    /// <summary>Gets the state of the current runspace. Call it on the pipeline's thread: no other thread knows its runspace.</summary>
    public static ModuleState Current => States.GetValue(Runspace.DefaultRunspace, Create);

    /// <summary>Gets the state of the current runspace for argument completion, which does not count as first use: if there is none yet,
    /// a new one that is not kept.</summary>
    public static ModuleState ForCompletion =>
        Runspace.DefaultRunspace is { } runspace && States.TryGetValue(runspace, out ModuleState? state) ? state : new ModuleState();

    /// <summary>The clients of servers.</summary>
    public ClientCache Clients { get; } = new(ClientSettings.FromEnvironment());

    /// <summary>The choice made by <c>Connect-SandboxServer</c>; null for none.</summary>
    public ServerConnection? Connection { get; set; }

    /// <summary>The default sandbox.</summary>
    public string DefaultSandbox => Connection?.DefaultSandbox ?? SandboxTarget.DefaultId;

    /// <summary>The warnings that were shown.</summary>
    public ShownWarnings Warnings { get; } = new();

    /// <summary>The open port forwards.</summary>
    public PortForwards Forwards { get; } = new();

    /// <summary>Counts the changes that invalidate the cached listings of a drive.</summary>
    public ChangeCounter Changes { get; } = new();

    /// <summary>Removes the state of the current runspace and ends its port forwards. Jobs keep their clients until the runspace is closed.</summary>
    public static void RemoveCurrent()
    {
        if (Runspace.DefaultRunspace is { } runspace && States.TryGetValue(runspace, out ModuleState? state))
        {
            States.Remove(runspace);
            state.Forwards.Close();
        }
    }

    private static ModuleState Create(Runspace runspace)
    {
        ModuleState state = new();
        runspace.StateChanged += state.OnRunspaceChanged;
        return state;
    }

    // Not earlier: until the runspace is closed, its pipelines and jobs still end commands in sandboxes.
    private void OnRunspaceChanged(object? sender, RunspaceStateEventArgs e)
    {
        if (e.RunspaceStateInfo.State is RunspaceState.Closed or RunspaceState.Broken)
        {
            Forwards.Close();
            Clients.Dispose();
        }
    }
}

/// <summary>Discards the module's state when the module is removed from a runspace, also by <c>Import-Module -Force</c>.</summary>
public sealed class ModuleCleanup : IModuleAssemblyCleanup
{
    /// <inheritdoc />
    public void OnRemove(PSModuleInfo psModuleInfo) => ModuleState.RemoveCurrent();
}
