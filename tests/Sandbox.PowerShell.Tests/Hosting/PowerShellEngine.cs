using System.Management.Automation;
using System.Management.Automation.Runspaces;

namespace Sandbox.Tests;

/// <summary>PowerShell runspace with the built module. Errors of a script that the test does not check fail the test.</summary>
public sealed class PowerShellEngine : IDisposable
{
    private ScriptResult? _last;

    public PowerShellEngine()
    {
        InitialSessionState state = InitialSessionState.CreateDefault();
        state.ImportPSModule(Paths.Manifest);
        Runspace = RunspaceFactory.CreateRunspace(Host, state);
        Runspace.Open();
    }

    internal RecordingHost Host { get; } = new();

    internal Runspace Runspace { get; }

    /// <summary>Sets the variables and runs a script.</summary>
    internal ScriptResult Run(string script, params (string Name, object? Value)[] variables)
    {
        _last?.RequireErrorsRead();
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

        return _last = new(
            output, [.. shell.Streams.Error], terminating, [.. shell.Streams.Information],
            [.. shell.Streams.Verbose.Select(line => line.Message)], [.. shell.Streams.Warning.Select(line => line.Message)]);
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

    public void Dispose()
    {
        Runspace.Dispose();
        _last?.RequireErrorsRead();
    }
}
