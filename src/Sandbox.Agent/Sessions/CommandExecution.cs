using Sandbox.Agent.Commands;
using Sandbox.Agent.Shells;
using Sandbox.Linux;
using Sandbox.Protocol;

namespace Sandbox.Agent.Sessions;

/// <summary>The execution of one command in a shell: its input and output, its time limit, its outcome.</summary>
internal sealed class CommandExecution
{
    private const string NoInput = "/dev/null";
    private const string InputName = "input";

    private readonly bool _isLast;
    private readonly Func<string, string>? _prelude;
    private string _input;
    private Timer? _clock;

    /// <param name="prelude">Creates the script that prepares and then runs the command's file; null when it needs no preparation.</param>
    private CommandExecution(Command command, Shell shell, Func<string, string>? prelude, bool isLast)
    {
        Command = command;
        Shell = shell;
        _prelude = prelude;
        _isLast = isLast;
        _input = CreateInput();
    }

    public Command Command { get; }

    public Shell Shell { get; private set; }

    /// <summary>The number under which the shell reports its end.</summary>
    public required long Sequence { get; init; }

    /// <summary>The line that requests that report.</summary>
    public required string StatusRequest { get; init; }

    /// <summary>Completes when the shell or its death reported the outcome. A terminator waits for it and then finishes the execution.</summary>
    public TaskCompletionSource<Outcome> Outcome { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>The session's values of the command's own variables, to be restored after it where bash does not do so itself.</summary>
    public required IReadOnlyDictionary<string, string?> Restore { get; init; }

    /// <summary>Starts a command in a shell.</summary>
    /// <param name="limit">The time limit in milliseconds; null for none.</param>
    /// <param name="isLast">Whether the shell exits after the command instead of reporting.</param>
    /// <exception cref="ApiException"><see cref="ErrorCodes.WorkingDirectoryNotFound"/>; then nothing has run.</exception>
    public static CommandExecution Start(Command command, Shell shell, long sequence, ShellState state, long? limit, Action onLimit, bool isLast)
    {
        ExecRequest request = command.Request!;
        string? ownDirectory = request.Cwd is null ? null : WorkingDirectory.ResolveExisting(request.Cwd, state.Directory);
        string? directory = ownDirectory;
        if (ownDirectory is null && (!shell.HasEntered || WorkingDirectory.IsRemovedFor(shell.Id)))
        {
            // One that was made anew is another directory for the shell, until it enters it.
            directory = WorkingDirectory.Require(state.Directory);
        }

        Dictionary<string, string?> own = new EnvironmentChanges(request.Env, request.SecretEnv).ToDictionary();
        Dictionary<string, string?> before = new(state.Pending);
        foreach ((string name, string? value) in own)
        {
            if (value is null)
            {
                before[name] = null;
            }
        }

        Func<string, string>? prelude = before.Count == 0 && own.Count == 0 && directory is null
            ? null
            : file => ShellScripts.Prelude(before, directory, own.Where(pair => pair.Value is not null)!, file);
        CommandExecution run = new(command, shell, prelude, isLast)
        {
            Sequence = sequence,
            StatusRequest = Shell.StatusRequest(sequence, ownDirectory is null ? null : (state.Directory, state.PreviousDirectory)),
            Restore = own.Keys.ToDictionary(name => name, state.Variables.Values.GetValueOrDefault),
        };
        string start = run.WriteCommand();
        command.Start();
        run._clock = limit is { } milliseconds ? new Timer(_ => onLimit(), null, milliseconds, Timeout.Infinite) : null;
        run.RunInShell(start);
        return run;
    }

    /// <summary>Starts the command again in another shell, because the first was killed before it had read any of it.</summary>
    public void MoveTo(Shell shell)
    {
        string from = _input;
        Shell = shell;
        if (from != NoInput)
        {
            _input = InDirectory(InputName);
            File.Move(from, _input);
        }

        RunInShell(WriteCommand());
    }

    /// <summary>Reads the last output and records the end. On the event loop's thread.</summary>
    public void Finish(Outcome outcome)
    {
        _clock?.Dispose();
        Shell.FinishOutput();
        Command.End(outcome.ExitCode, outcome.Signal ?? Command.StopSignal, outcome.ShellRestarted, outcome.Usage);
    }

    /// <summary>Creates the file or FIFO that is the command's standard input.</summary>
    private string CreateInput()
    {
        byte[]? content = Command.Request!.Stdin;
        if (Command.Input is null && content is not { Length: > 0 })
        {
            return NoInput;
        }

        // The FIFO of an earlier command, perhaps.
        string path = InDirectory(InputName);
        File.Delete(path);
        if (Command.Input is not null)
        {
            Shell.OpenInput(Command.Input, path);
        }
        else
        {
            File.WriteAllBytes(path, content!);
        }

        return path;
    }

    /// <summary>Writes the command's files.</summary>
    /// <returns>The one to run.</returns>
    private string WriteCommand()
    {
        string file = Shell.WriteCommand(Command.Text);
        if (_prelude is null)
        {
            return file;
        }

        string start = InDirectory("prelude");
        File.WriteAllText(start, _prelude(file));
        return start;
    }

    private void RunInShell(string file) => Shell.Run(file, _input, Command.Output, _isLast ? null : StatusRequest);

    private string InDirectory(string name) => Path.Combine(Shell.RuntimeDirectory, name);
}

/// <summary>How a command ended.</summary>
/// <param name="ShellRestarted">Whether its shell ended and was replaced.</param>
internal readonly record struct Outcome(int ExitCode, Signal? Signal, bool ShellRestarted, Usage Usage);
