using Sandbox.Linux;

namespace Sandbox.Agent.Sessions;

/// <summary>Ends a command in a session: its processes, and only those, by INT, TERM, KILL in steps, until the shell says the command is over; last, the shell itself. Then nothing that the command started is left.</summary>
internal sealed class CommandTerminator : ITerminator
{
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LeftoverGrace = TimeSpan.FromMilliseconds(500);

    // A process that the kernel will not end (waiting for a dead disk) must not hold the session for ever.
    private static readonly TimeSpan LeftoverLimit = TimeSpan.FromSeconds(5);

    private static readonly (Signal Signal, TimeSpan Grace)[] Steps =
    [
        (Signal.INT, TimeSpan.FromSeconds(1)),
        (Signal.TERM, TimeSpan.FromSeconds(2)),
        (Signal.KILL, TimeSpan.FromSeconds(1)),
    ];

    private readonly CommandExecution _run;
    private readonly IReadOnlySet<(int Id, ulong StartTime)> _spared;
    private readonly TaskCompletionSource _escalation = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Prepares to stop a command.</summary>
    /// <param name="run">The command.</param>
    /// <param name="spared">Background jobs of the session that were there before it.</param>
    public CommandTerminator(CommandExecution run, IReadOnlySet<(int Id, ulong StartTime)> spared)
    {
        _run = run;
        _spared = spared;
    }

    /// <inheritdoc/>
    public void Escalate() => _escalation.TrySetResult();

    /// <inheritdoc/>
    public async Task<Outcome> StopAsync()
    {
        foreach ((Signal signal, TimeSpan grace) in Steps)
        {
            if (_run.Outcome.Task.IsCompleted)
            {
                break;
            }

            if (signal == Signal.KILL || !_escalation.Task.IsCompleted)
            {
                await StepAsync(signal, grace);
            }
        }

        if (!_run.Outcome.Task.IsCompleted)
        {
            _run.Command.StopSignal = Signal.KILL;
            _run.Shell.KillTree();
        }

        Outcome outcome = await _run.Outcome.Task;
        await EndLeftoversAsync();
        return outcome;
    }

    private async Task StepAsync(Signal signal, TimeSpan grace)
    {
        long? end = null;
        do
        {
            // Repeated, for a process that starts while we look.
            Interrupt(signal);

            // Counted from the delivery: on a busy machine it takes long to find the processes.
            end ??= Environment.TickCount64 + (long)grace.TotalMilliseconds;
            await Task.WhenAny(_run.Outcome.Task, signal == Signal.KILL ? Task.Delay(Tick) : Task.WhenAny(_escalation.Task, Task.Delay(Tick)));
            if (_run.Outcome.Task.IsCompleted)
            {
                return;
            }

            _run.Shell.RequestStatus(_run.StatusRequest);
        }
        while (Environment.TickCount64 < end && (signal == Signal.KILL || !_escalation.Task.IsCompleted));
    }

    private async Task EndLeftoversAsync()
    {
        TimeSpan pause = TimeSpan.FromMilliseconds(5);
        long? killFrom = null;
        long? giveUp = null;
        for (long begin = Environment.TickCount64; _run.Shell.Descendants(_spared) is { Count: > 0 } left && !(begin >= giveUp); begin = Environment.TickCount64)
        {
            bool kill = begin >= killFrom || _escalation.Task.IsCompleted;
            if (kill || killFrom is null)
            {
                foreach (ProcessEntry process in left)
                {
                    ProcessTable.Send(process, kill ? Signal.KILL : Signal.TERM);
                }
            }

            // Both counted from the delivery of the signal.
            killFrom ??= Environment.TickCount64 + (long)LeftoverGrace.TotalMilliseconds;
            giveUp ??= kill ? Environment.TickCount64 + (long)LeftoverLimit.TotalMilliseconds : null;
            await Task.Delay(pause);
        }
    }

    /// <summary>Sends INT, and at a later step its signal too, to everything at once.</summary>
    /// <remarks>The shell drops the rest of a command only when it is interrupted itself and sees its child die of the same; so INT is sent at every step.
    /// All are held still meanwhile: else, in a pipe, one ends in good order because another has died before its own signal came.</remarks>
    private void Interrupt(Signal signal)
    {
        IReadOnlyList<ProcessEntry> processes = _run.Shell.Descendants(_spared);
        if (_run.Outcome.Task.IsCompleted)
        {
            return;
        }

        _run.Command.StopSignal = signal;
        foreach (Signal next in (Signal[])[Signal.STOP, Signal.INT, signal, Signal.CONT])
        {
            if (next != Signal.KILL && next != Signal.TERM)
            {
                _run.Shell.Signal(next);
            }

            foreach (ProcessEntry process in processes)
            {
                ProcessTable.Send(process, next);
            }
        }
    }
}
