using System.Management.Automation.Runspaces;
using System.Runtime.CompilerServices;
using Sandbox.Client;

namespace Sandbox;

/// <summary>What <c>Connect-SandboxServer</c> chose, for each runspace on its own: it ends with the runspace.</summary>
internal static class ServerChoice
{
    private static readonly ConditionalWeakTable<Runspace, ServerConnection> Chosen = [];

    /// <summary>The sandbox that is meant when none is named.</summary>
    public static string ImpliedSandbox => Current?.DefaultSandbox ?? Target.DefaultId;

    /// <summary>The choice of the current runspace; null for none. Only the pipeline's thread knows its runspace.</summary>
    public static ServerConnection? Current
    {
        get => Runspace.DefaultRunspace is { } runspace && Chosen.TryGetValue(runspace, out ServerConnection? connection) ? connection : null;
        set
        {
            Chosen.Remove(Runspace.DefaultRunspace);
            if (value is not null)
            {
                Chosen.Add(Runspace.DefaultRunspace, value);
            }
        }
    }
}
