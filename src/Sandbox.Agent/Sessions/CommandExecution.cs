using Sandbox.Agent.Commands;
using Sandbox.Agent.Shells;
using Sandbox.Linux;
using Sandbox.Protocol;

namespace Sandbox.Agent.Sessions;

/// <summary>The execution of one command in a shell: its input and output, its time limit, its outcome.</summary>
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

    public Command Command { get; }

    public Shell Shell { get; }

    /// <summary>The number under which the shell reports its end.</summary>
    public long Sequence { get; }

    /// <summary>The line that requests that report.</summary>
    public string StatusRequest { get; }

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
        string? ownDirectory = request.Cwd is null ? null : Path.GetFullPath(request.Cwd, state.Directory);
        if (ownDirectory is not null && !Directory.Exists(ownDirectory))
        {
            throw new ApiException(ErrorCodes.WorkingDirectoryNotFound, $"The command's working directory '{ownDirectory}' does not exist.");
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

        string file = shell.WriteCommand(command.Text);
        string input = "/dev/null";
        if (command.Input is not null || request.Stdin is { Length: > 0 })
        {
            // The FIFO of an earlier command, perhaps.
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

    /// <summary>Reads the last output and records the end. On the event loop's thread.</summary>
    public void Finish(Outcome outcome)
    {
        _clock?.Dispose();
        Shell.FinishOutput();
        Command.End(outcome.ExitCode, outcome.Signal ?? Command.StopSignal, outcome.ShellRestarted, outcome.Usage);
    }
}

/// <summary>How a command ended.</summary>
/// <param name="ShellRestarted">Whether its shell ended and was replaced.</param>
internal readonly record struct Outcome(int ExitCode, Signal? Signal, bool ShellRestarted, Usage Usage);
