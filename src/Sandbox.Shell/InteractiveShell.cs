using System.Management.Automation;
using System.Reflection;
using System.Runtime.InteropServices;

namespace Sandbox.Shell;

/// <summary>A prompt: reads a command, runs it, until it is told to leave.</summary>
internal sealed class InteractiveShell : IDisposable
{
    private const int SignalExitCode = 128;
    private const int Hangup = 1;
    private const int Terminate = 15;

    private readonly Engine _engine;
    private readonly LineEditor _editor;
    private readonly History _history = new(History.DefaultPath);
    private readonly PosixSignalRegistration[] _signals;
    private volatile bool _isInterrupted;

    /// <summary>Takes signals from now on.</summary>
    /// <param name="engine">What runs.</param>
    /// <param name="editor">What reads.</param>
    public InteractiveShell(Engine engine, LineEditor editor)
    {
        _engine = engine;
        _editor = editor;
        _editor.Completer = (text, cursor) => Completion.Find(engine.Runspace, text, cursor);
        _signals =
        [
            PosixSignalRegistration.Create(PosixSignal.SIGINT, Interrupt),
            PosixSignalRegistration.Create(PosixSignal.SIGHUP, signal => Leave(signal, Hangup)),
            PosixSignalRegistration.Create(PosixSignal.SIGTERM, signal => Leave(signal, Terminate)),
        ];
    }

    /// <summary>Whether somebody is there who can type, at a terminal that can be drawn on.</summary>
    public static bool IsPossible =>
        !Console.IsInputRedirected && !Console.IsOutputRedirected && Environment.GetEnvironmentVariable("TERM") is { Length: > 0 } and not "dumb";

    /// <summary>Reads and runs.</summary>
    /// <returns>The exit code.</returns>
    public int Run()
    {
        Version version = typeof(InteractiveShell).Assembly.GetName().Version!;
        string engine = typeof(PowerShell).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split(' ', '+')[0];
        Console.Out.WriteLine($"Sandbox {version.ToString(3)} in the PowerShell engine {engine}. 'Get-Command -Module Sandbox' lists its cmdlets; 'exit' leaves.");
        while (_engine.Host.ExitCode is null)
        {
            _engine.Host.StartLine();
            string? command = _editor.ReadCommand(Prompt(), _history);
            if (command is null)
            {
                return 0;
            }

            _history.Add(command);
            if (!string.IsNullOrWhiteSpace(command))
            {
                Run(command);
            }
        }

        return _engine.Host.ExitCode.Value;
    }

    /// <inheritdoc />
    public void Dispose() => Array.ForEach(_signals, signal => signal.Dispose());

    private void Run(string command)
    {
        _isInterrupted = false;
        _engine.Invoke(shell => shell.AddScript(command), isTyped: true);
        if (_isInterrupted)
        {
            _engine.Host.StartLine();
            Console.Out.WriteLine("^C");
        }
    }

    // The engine has a prompt function, which a user may replace, also by one that fails.
    private string Prompt()
    {
        try
        {
            using PowerShell shell = PowerShell.Create(_engine.Runspace);
            return string.Concat(shell.AddCommand("prompt").Invoke().Select(part => part?.ToString())) is { Length: > 0 } prompt ? prompt : "PS> ";
        }
        catch (RuntimeException)
        {
            return "PS> ";
        }
    }

    private void Interrupt(PosixSignalContext context)
    {
        context.Cancel = true;
        _isInterrupted = true;
        _engine.Stop();
    }

    // The prompt may wait for a key, which nothing ends but the process's end.
    private void Leave(PosixSignalContext context, int signal)
    {
        context.Cancel = true;
        _engine.StopAndWait();
        Environment.Exit(SignalExitCode + signal);
    }
}
