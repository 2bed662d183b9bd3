using System.Management.Automation;
using System.Management.Automation.Runspaces;

namespace Sandbox.Shell;

/// <summary>The PowerShell engine with the module loaded, its output shown as it comes.</summary>
internal sealed class Engine : IDisposable
{
    private static readonly TimeSpan s_stopLimit = TimeSpan.FromSeconds(5);

    private volatile PowerShell? _current;

    /// <summary>Opens the engine.</summary>
    /// <param name="module">The module's manifest.</param>
    /// <param name="editor">Where the engine asks; null when nobody is there.</param>
    public Engine(string module, LineEditor? editor = null)
    {
        Host = new(editor);
        InitialSessionState state = InitialSessionState.CreateDefault2();
        state.ImportPSModule(module);
        state.ThrowOnRunspaceOpenError = true;
        Runspace = RunspaceFactory.CreateRunspace(Host, state);
        Runspace.ThreadOptions = PSThreadOptions.ReuseThread;
        Runspace.Open();
        Runspace.SessionStateProxy.InvokeCommand.CommandNotFoundAction = FullPowerShell.Explain;
        if (Environment.GetEnvironmentVariable("NO_COLOR") is not null || Environment.GetEnvironmentVariable("TERM") == "xterm-mono")
        {
            // As pwsh does.
            PSStyle.Instance.OutputRendering = OutputRendering.PlainText;
        }
    }

    /// <summary>What the engine sees of this program.</summary>
    public ConsoleHost Host { get; }

    /// <summary>The engine's state.</summary>
    public Runspace Runspace { get; }

    /// <summary>Runs a pipeline and shows what it emits.</summary>
    /// <param name="describe">Says what to run.</param>
    /// <param name="isTyped">Whether a user typed it, so that <c>Get-History</c> lists it.</param>
    /// <returns>Whether it came to its end.</returns>
    public bool Invoke(Action<PowerShell> describe, bool isTyped = false)
    {
        using PowerShell shell = PowerShell.Create(Runspace);
        describe(shell);
        shell.Commands.Commands[0].MergeMyResults(PipelineResultTypes.Error, PipelineResultTypes.Output);
        shell.AddCommand("Out-Default");
        _current = shell;
        try
        {
            shell.Invoke(null, new PSInvocationSettings { AddToHistory = isTyped });
            return true;
        }
        catch (PipelineStoppedException)
        {
            return false;
        }
        catch (RuntimeException e)
        {
            return Fail(e);
        }
        finally
        {
            _current = null;
        }
    }

    /// <summary>Shows an error in the engine's own view.</summary>
    /// <param name="exception">The error.</param>
    /// <returns>False: it failed.</returns>
    public bool Fail(RuntimeException exception)
    {
        using PowerShell shell = PowerShell.Create(Runspace);
        using (Host.SendAllToError())
        {
            shell.AddCommand("Out-Default").Invoke(new[] { exception.ErrorRecord });
        }

        return false;
    }

    /// <summary>Asks the running pipeline, if there is one, to end.</summary>
    public void Stop() => _current?.BeginStop(null, null);

    /// <summary>Ends the running pipeline, or gives it up after a while.</summary>
    public void StopAndWait()
    {
        IAsyncResult? stopping = _current?.BeginStop(null, null);
        stopping?.AsyncWaitHandle.WaitOne(s_stopLimit);
    }

    /// <inheritdoc />
    public void Dispose() => Runspace.Dispose();
}
