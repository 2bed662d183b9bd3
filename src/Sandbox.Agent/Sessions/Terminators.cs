using Sandbox.Agent.Shells;
using Sandbox.Linux;

namespace Sandbox.Agent.Sessions;

/// <summary>Ends a running command with everything it started.</summary>
internal abstract class Terminator(CommandExecution execution)
{
    private readonly TaskCompletionSource _escalation = new(TaskCreationOptions.RunContinuationsAsynchronously);

    protected CommandExecution Execution { get; } = execution;

    /// <summary>Completes when processes are to be killed without further waiting.</summary>
    protected Task Escalation => _escalation.Task;

    /// <summary>Goes to KILL without further waiting.</summary>
    public void Escalate() => _escalation.TrySetResult();

    /// <summary>Ends the command and returns its outcome.</summary>
    public abstract Task<Outcome> TerminateAsync();
}

/// <summary>Ends a command of a session, not the session's earlier background jobs: sends INT, TERM and KILL in steps until the shell reports the end, and last
/// kills the shell.</summary>
/// <param name="spared">Background jobs that were there before the command.</param>
internal sealed class CommandTerminator(CommandExecution execution, IReadOnlySet<(int Id, ulong StartTime)> spared) : Terminator(execution)
{
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LeftoverGrace = TimeSpan.FromMilliseconds(500);

    // A process that the kernel cannot end (it waits for a dead disk) must not block the session for ever.
    private static readonly TimeSpan LeftoverLimit = TimeSpan.FromSeconds(5);

    private static readonly (Signal Signal, TimeSpan Grace)[] Steps =
    [
        (Signal.INT, TimeSpan.FromSeconds(1)),
        (Signal.TERM, TimeSpan.FromSeconds(2)),
        (Signal.KILL, TimeSpan.FromSeconds(1)),
    ];

    /// <inheritdoc />
    public override async Task<Outcome> TerminateAsync()
    {
        foreach ((Signal signal, TimeSpan grace) in Steps)
        {
            if (Execution.Outcome.Task.IsCompleted)
            {
                break;
            }

            if (signal == Signal.KILL || !Escalation.IsCompleted)
            {
                await StepAsync(signal, grace);
            }
        }

        if (!Execution.Outcome.Task.IsCompleted)
        {
            Execution.Command.StopSignal = Signal.KILL;
            Execution.Shell.KillTree();
        }

        Outcome outcome = await Execution.Outcome.Task;
        await EndLeftoversAsync();
        return outcome;
    }

    private async Task StepAsync(Signal signal, TimeSpan grace)
    {
        long? end = null;
        do
        {
            // Repeated, for processes that start meanwhile.
            Interrupt(signal);

            // Counted from the delivery: finding the processes takes long on a busy machine.
            end ??= Environment.TickCount64 + (long)grace.TotalMilliseconds;
            await Task.WhenAny(Execution.Outcome.Task, signal == Signal.KILL ? Task.Delay(Tick) : Task.WhenAny(Escalation, Task.Delay(Tick)));
            if (Execution.Outcome.Task.IsCompleted)
            {
                return;
            }

            Execution.Shell.RequestStatus(Execution.StatusRequest);
        }
        while (Environment.TickCount64 < end && (signal == Signal.KILL || !Escalation.IsCompleted));
    }

    private async Task EndLeftoversAsync()
    {
        TimeSpan pause = TimeSpan.FromMilliseconds(5);
        long? killFrom = null;
        long? giveUp = null;
        for (long begin = Environment.TickCount64;
            Execution.Shell.Descendants(spared) is { Count: > 0 } left && !(begin >= giveUp);
            begin = Environment.TickCount64)
        {
            bool kill = begin >= killFrom || Escalation.IsCompleted;
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

    /// <summary>Sends INT, and the signal of a later step too, to all processes at once.</summary>
    /// <remarks>The shell drops the rest of a command only when it is interrupted itself and its child died of the same signal; so INT is sent at every step.
    /// All are stopped meanwhile: otherwise a process in a pipeline could end normally because another died before its own signal arrived.</remarks>
    private void Interrupt(Signal signal)
    {
        IReadOnlyList<ProcessEntry> processes = Execution.Shell.Descendants(spared);
        if (Execution.Outcome.Task.IsCompleted)
        {
            return;
        }

        Execution.Command.StopSignal = signal;
        foreach (Signal next in (Signal[])[Signal.STOP, Signal.INT, signal, Signal.CONT])
        {
            if (next != Signal.KILL && next != Signal.TERM)
            {
                Execution.Shell.Signal(next);
            }

            foreach (ProcessEntry process in processes)
            {
                ProcessTable.Send(process, next);
            }
        }
    }
}

/// <summary>Ends a command whose shell is ephemeral: everything it started in steps up to KILL, also after setsid or a double fork, and then the
/// shell.</summary>
/// <param name="first">The first signal: INT, TERM or KILL.</param>
internal sealed class ProcessTreeTerminator(CommandExecution execution, Signal first) : Terminator(execution)
{
    private static readonly TimeSpan MinimumPause = TimeSpan.FromMilliseconds(2);
    private static readonly TimeSpan MaximumPause = TimeSpan.FromMilliseconds(50);

    private static readonly Dictionary<Signal, (Signal Signal, TimeSpan Grace)[]> Steps = new()
    {
        [Signal.INT] = [(Signal.INT, TimeSpan.FromSeconds(1)), (Signal.TERM, TimeSpan.FromSeconds(2))],
        [Signal.TERM] = [(Signal.TERM, TimeSpan.FromSeconds(5))],
        [Signal.KILL] = [],
    };

    /// <inheritdoc />
    public override async Task<Outcome> TerminateAsync()
    {
        // Stopped: it must neither continue the command nor end before its children, which would lose them.
        Execution.Shell.Suspend();
        bool isAlone = Execution.Shell.Descendants().Count == 0;
        bool hasEnded = false;
        foreach ((Signal signal, TimeSpan grace) in Steps[first])
        {
            hasEnded = await EndDescendantsAsync(signal, grace);
            if (!hasEnded)
            {
                continue;
            }

            // A program that replaced the shell by 'exec' ends by the signal; the shell itself by its TERM trap, with the exit code of what it waited for.
            Execution.Shell.Signal(signal);
            Execution.Shell.Signal(Signal.TERM);
            Execution.Shell.Signal(Signal.CONT);
            await Task.WhenAny(Execution.Outcome.Task, Escalation, Task.Delay(grace));
            break;
        }

        if (!Execution.Outcome.Task.IsCompleted)
        {
            if (!hasEnded)
            {
                Execution.Command.StopSignal = Signal.KILL;
            }

            // The exit status tells a shell that this kills from one that has just ended by itself.
            Execution.Shell.KillTree();
        }

        Outcome outcome = await Execution.Outcome.Task;

        // Whatever it was about to start when it continued and ended.
        Shell.KillOrphans(new HashSet<int> { Execution.Shell.Id });
        return isAlone && outcome.ExitCode == 0 ? outcome with { ExitCode = 128 + (int)first } : outcome;
    }

    /// <summary>Sends a signal to all descendants and waits until they have ended.</summary>
    /// <returns>False when some are left after the grace period, which starts when the signal has been delivered.</returns>
    private async Task<bool> EndDescendantsAsync(Signal signal, TimeSpan grace)
    {
        HashSet<(int, ulong)> signalled = [];
        TimeSpan pause = MinimumPause;
        long? end = null;
        while (true)
        {
            // Listing the processes takes long on a busy machine: only a listing that began after the grace period shows that it was too short.
            long begin = Environment.TickCount64;
            IReadOnlyList<ProcessEntry> left = Execution.Shell.Descendants();
            if (left.Count == 0)
            {
                Execution.Command.StopSignal = signal;
                return true;
            }

            if (begin >= end || Escalation.IsCompleted)
            {
                return false;
            }

            foreach (ProcessEntry process in left.Where(process => signalled.Add((process.Id, process.StartTime))))
            {
                ProcessTable.Send(process, signal);
                ProcessTable.Send(process, Signal.CONT);
            }

            Execution.Command.StopSignal = signal;
            end ??= Environment.TickCount64 + (long)grace.TotalMilliseconds;
            await Task.WhenAny(Escalation, Task.Delay(pause));
            pause = pause * 2 > MaximumPause ? MaximumPause : pause * 2;
        }
    }
}
