using Sandbox.Agent.Commands;
using Sandbox.Agent.Shells;
using Sandbox.Linux;
using Sandbox.Protocol;

namespace Sandbox.Agent.Sessions;

/// <summary>One command on its way through a shell: its pipes, its clock, its end.</summary>
internal sealed class CommandExecution
{
    private readonly Timer? _clock;

    private CommandExecution(Command command, Shell shell, long sequence, string statusRequest, long? limit, Action onLimit)
    {
        Command = command;
        Shell = shell;
        Sequence = sequence;
        StatusRequest = statusRequest;
        _clock = limit is { } milliseconds ? new Timer(_ => onLimit(), null, milliseconds, Timeout.Infinite) : null;
    }

    /// <summary>The command.</summary>
    public Command Command { get; }

    /// <summary>The shell it runs in.</summary>
    public Shell Shell { get; }

    /// <summary>The number the shell reports its end under.</summary>
    public long Sequence { get; }

    /// <summary>The line that asks the shell for that report.</summary>
    public string StatusRequest { get; }

    /// <summary>How it ended, as soon as the shell or its death has told. Someone who stops the command waits for it, and finishes the run.</summary>
    public TaskCompletionSource<Outcome> Outcome { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Variables of this command alone that hide or unset one of the session: the session's values, to be put back after it where bash does not do so itself.</summary>
    public required IReadOnlyDictionary<string, string?> Restore { get; init; }

    /// <summary>Hands a command to a shell.</summary>
    /// <param name="command">The command.</param>
    /// <param name="shell">An idle shell.</param>
    /// <param name="sequence">A new number.</param>
    /// <param name="state">Where the session stands.</param>
    /// <param name="limit">Milliseconds it may take; none when null.</param>
    /// <param name="onLimit">Called when it took longer.</param>
    /// <param name="isLast">Whether the shell ends with it: then its end is the report.</param>
    /// <exception cref="ApiException"><see cref="ErrorCodes.WorkingDirectoryNotFound"/>; then nothing has run.</exception>
    public static CommandExecution Start(Command command, Shell shell, long sequence, ShellState state, long? limit, Action onLimit, bool isLast)
    {
        ExecRequest request = command.Request!;
        string? ownDirectory = request.Cwd is null ? null : Path.GetFullPath(request.Cwd, state.Directory);
        if (ownDirectory is not null && !Directory.Exists(ownDirectory))
        {
            throw new ApiException(ErrorCodes.WorkingDirectoryNotFound, $"The command's working directory '{ownDirectory}' does not exist.");
        }

        Dictionary<string, string?> own = new EnvironmentChanges(request.Env, request.SecretEnv).ToDictionary();
        Dictionary<string, string?> before = new(state.Due);
        foreach ((string name, string? value) in own)
        {
            if (value is null)
            {
                before[name] = null;
            }
        }

        string file = shell.WriteCommand(command.Text);
        string input = "/dev/null";
        if (command.Input is not null || request.Stdin is { Length: > 0 })
        {
            // What an earlier command read, a named pipe perhaps, has served its time.
            input = InDirectory("input");
            File.Delete(input);
        }

        if (command.Input is not null)
        {
            shell.OpenInput(command.Input, input);
        }
        else if (request.Stdin is { Length: > 0 })
        {
            File.WriteAllBytes(input, request.Stdin);
        }

        string start = file;
        if (before.Count > 0 || own.Count > 0 || ownDirectory is not null)
        {
            start = InDirectory("prelude");
            File.WriteAllText(start, ShellScripts.Prelude(before, ownDirectory, own.Where(pair => pair.Value is not null)!, file));
        }

        string statusRequest = Shell.StatusRequest(sequence, ownDirectory is null ? null : (state.Directory, state.PreviousDirectory));
        command.Start();
        CommandExecution run = new(command, shell, sequence, statusRequest, limit, onLimit)
        {
            Restore = own.Keys.ToDictionary(name => name, state.Variables.Values.GetValueOrDefault),
        };
        shell.Run(start, input, command.Output, isLast ? null : statusRequest);
        return run;

        string InDirectory(string name) => Path.Combine(shell.RuntimeDirectory, name);
    }

    /// <summary>Takes the last of its output and records its end. On the event loop's thread.</summary>
    /// <param name="outcome">How it ended.</param>
    public void Finish(Outcome outcome)
    {
        _clock?.Dispose();
        Shell.FinishOutput();
        Command.End(outcome.ExitCode, outcome.Signal ?? Command.StopSignal, outcome.ShellRestarted, outcome.Usage);
    }
}

/// <summary>How a command ended.</summary>
/// <param name="ExitCode">Its exit code.</param>
/// <param name="Signal">The signal that ended its shell, if one did.</param>
/// <param name="ShellRestarted">Whether a new shell took the place of the one it ran in.</param>
/// <param name="Usage">What it used.</param>
internal readonly record struct Outcome(int ExitCode, Signal? Signal, bool ShellRestarted, Usage Usage);
