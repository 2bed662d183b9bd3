using System.Management.Automation;
using System.Management.Automation.Runspaces;

namespace Sandbox.Tests;

/// <summary>The PowerShell engine with the built module imported.</summary>
public sealed class Engine : IDisposable
{
    public Engine(params SessionStateCommandEntry[] commands)
    {
        InitialSessionState state = InitialSessionState.CreateDefault2();
        state.ImportPSModule(Paths.Manifest);
        state.Commands.Add(new SessionStateCmdletEntry("Select-First", typeof(SelectFirstCommand), null));
        state.Commands.Add(commands);
        Runspace = RunspaceFactory.CreateRunspace(Host, state);
        Runspace.Open();
    }

    internal RecordingHost Host { get; } = new();

    internal Runspace Runspace { get; }

    /// <summary>Runs a script; variables are set before.</summary>
    internal EngineResult Run(string script, params (string Name, object? Value)[] variables)
    {
        using PowerShell shell = Prepare(script, variables);
        List<PSObject> output = [];
        ErrorRecord? terminating = null;
        try
        {
            shell.Invoke(input: null, output);
        }
        catch (RuntimeException e)
        {
            terminating = e.ErrorRecord;
        }

        return new(output, [.. shell.Streams.Error], terminating, [.. shell.Streams.Information], [.. shell.Streams.Verbose.Select(line => line.Message)], [.. shell.Streams.Warning.Select(line => line.Message)]);
    }

    internal PowerShell Prepare(string script, params (string Name, object? Value)[] variables)
    {
        foreach ((string name, object? value) in variables)
        {
            Runspace.SessionStateProxy.SetVariable(name, value);
        }

        PowerShell shell = PowerShell.Create(Runspace);
        return shell.AddScript(script);
    }

    public void Dispose() => Runspace.Dispose();
}
