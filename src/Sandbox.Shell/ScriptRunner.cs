using System.Management.Automation;
using System.Management.Automation.Language;
using System.Runtime.InteropServices;

namespace Sandbox.Shell;

/// <summary>Runs one text or file in the engine and finds its exit code.</summary>
internal sealed class ScriptRunner : IDisposable
{
    // How a pipeline that was stopped from outside ends, as shells have it.
    private const int InterruptedExitCode = 130;

    private readonly Engine _engine;
    private readonly List<PosixSignalRegistration> _signals = [];
    private volatile bool _isInterrupted;

    /// <summary>Takes signals from now on.</summary>
    /// <param name="engine">What runs.</param>
    public ScriptRunner(Engine engine)
    {
        _engine = engine;
        foreach (PosixSignal signal in new[] { PosixSignal.SIGINT, PosixSignal.SIGTERM, PosixSignal.SIGHUP })
        {
            _signals.Add(PosixSignalRegistration.Create(signal, Interrupt));
        }
    }

    /// <summary>Runs what the options say.</summary>
    /// <param name="options">The options.</param>
    /// <returns>The exit code.</returns>
    public int Run(ShellOptions options)
    {
        bool succeeded = options.File is { } path ? RunFile(path, options.Arguments) : RunText(options.Command!);
        return _engine.Host.ExitCode ?? (_isInterrupted ? InterruptedExitCode : succeeded ? 0 : 1);
    }

    /// <inheritdoc />
    public void Dispose() => _signals.ForEach(signal => signal.Dispose());

    private bool RunText(string text)
    {
        const string Succeeded = "SandboxShellSucceeded";
        ScriptBlockAst parsed = Parser.ParseInput(text, out _, out ParseError[] errors);
        if (errors.Length > 0)
        {
            return _engine.Fail(new ParseException(errors));
        }

        // Only inside the same text is '$?' still that of the last statement.
        bool ended = _engine.Invoke(shell => shell.AddScript($"{parsed.Extent.Text}\n$global:{Succeeded} = $?"));
        return ended && _engine.Runspace.SessionStateProxy.GetVariable(Succeeded) is not false;
    }

    private bool RunFile(string path, IReadOnlyList<string> arguments)
    {
        ScriptBlockAst parsed = Parser.ParseFile(path, out _, out ParseError[] errors);
        if (errors.Length > 0)
        {
            return _engine.Fail(new ParseException(errors));
        }

        // As a block, because 'exit' in a script file that is called by path ends only that file.
        const string Call = "param($SandboxShellScript) . $SandboxShellScript";
        return _engine.Invoke(shell => shell.AddScript($"{Call} {string.Join(' ', arguments.Select(Quote))}").AddArgument(parsed.GetScriptBlock()));
    }

    private void Interrupt(PosixSignalContext context)
    {
        context.Cancel = true;
        _isInterrupted = true;
        _engine.Stop();
    }

    private static string Quote(string argument) =>
        argument is ['-', >= 'A' and <= 'z', ..] && argument.Skip(1).All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or ':')
            ? argument
            : $"'{CodeGeneration.EscapeSingleQuotedStringContent(argument)}'";
}
