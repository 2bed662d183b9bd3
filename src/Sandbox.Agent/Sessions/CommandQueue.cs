using Sandbox.Agent.Commands;
using Sandbox.Linux;
using Sandbox.Protocol;

namespace Sandbox.Agent.Sessions;

/// <summary>The commands of a session: one runs, the others wait in the order they came.</summary>
internal sealed class CommandQueue
{
    private readonly LinkedList<Command> _waiting = [];
    private readonly ShellHost _host;
    private readonly Lock _gate;
    private readonly EventLoop _loop;
    private readonly bool _isEphemeral;
    private readonly long? _timeoutMs;
    private Terminator? _terminator;

    public CommandQueue(ShellHost host, Lock gate, EventLoop loop, bool isEphemeral, long? timeoutMs)
    {
        (_host, _gate, _loop, _isEphemeral, _timeoutMs) = (host, gate, loop, isEphemeral, timeoutMs);
        host.CommandEnded += OnCommandEnded;
    }

    /// <inheritdoc cref="ICommandRunner.Enqueue"/>
    public void Enqueue(Command command)
    {
        lock (_gate)
        {
            if (_host.IsClosing)
            {
                throw Closed();
            }

            if (command.StopReason != StopReason.None)
            {
                Drop(command, command.StopReason);
            }
            else if (_host.Running is not null || _waiting.Count > 0)
            {
                _waiting.AddLast(command);
            }
            else
            {
                Start(command);
            }
        }
    }

    /// <inheritdoc cref="ICommandRunner.Stop"/>
    public void Stop(Command command, StopReason reason, Signal first)
    {
        lock (_gate)
        {
            if (_waiting.Remove(command))
            {
                Drop(command, reason);
            }
            else if (_host.Running?.Command == command)
            {
                Terminate(_host.Running, reason, first);
            }
            else if (!command.HasEnded)
            {
                // It is registered and about to be queued.
                command.StopReason = reason;
            }
        }
    }

    /// <summary>Refuses what waits. The lock is held.</summary>
    public void Clear()
    {
        foreach (Command command in _waiting)
        {
            command.Refuse(Closed());
        }

        _waiting.Clear();
    }

    private static void Drop(Command command, StopReason reason)
    {
        command.StopReason = reason;
        command.End(128 + (int)Signal.INT, Signal.INT, shellRestarted: false, default);
    }

    private static ApiException Closed() => new(ErrorCodes.SessionClosed, "The session was deleted while the command waited; it did not run.");

    private void Start(Command command) => _host.Start(
        command,
        command.Request!.TimeoutMs ?? _timeoutMs,
        () => Stop(command, StopReason.TimedOut, command.Kind == ProcessKind.Process ? Signal.TERM : Signal.INT));

    private void StartNext()
    {
        while (_host is { Running: null, IsClosing: false } && _waiting.First is { } first)
        {
            _waiting.RemoveFirst();
            try
            {
                Start(first.Value);
            }
            catch (ApiException exception)
            {
                first.Value.Refuse(exception);
            }
        }
    }

    private void Terminate(CommandExecution execution, StopReason reason, Signal first)
    {
        if (_terminator is null)
        {
            execution.Command.StopReason = reason;
            Terminator terminator = _terminator = _isEphemeral
                ? new ProcessTreeTerminator(execution, first)
                : new CommandTerminator(execution, _host.Background);
            _ = Task.Run(async () =>
            {
                Outcome outcome = await terminator.TerminateAsync();
                _loop.Post(() =>
                {
                    lock (_gate)
                    {
                        Finish(outcome);
                    }
                });
            });
        }

        if (first == Signal.KILL)
        {
            _terminator.Escalate();
        }
    }

    private void OnCommandEnded(CommandExecution execution, Outcome outcome)
    {
        // A terminator finishes the command itself, when nothing of it is left.
        if (_terminator is null)
        {
            Finish(outcome);
        }
    }

    private void Finish(Outcome outcome)
    {
        bool wasStopped = _terminator is not null;
        _terminator = null;
        _host.Finish(outcome, wasStopped);
        StartNext();
    }
}
