using Sandbox.Linux;

namespace Sandbox.Agent.Sessions;

/// <summary>Ends a command whose shell is thrown away: everything it started in steps up to KILL, and only then the shell. Then nothing is left, also of what has left the shell's session or forked twice.</summary>
internal sealed class ProcessTreeTerminator : ITerminator
{
    private static readonly TimeSpan ShortestPause = TimeSpan.FromMilliseconds(2);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMilliseconds(50);

    private static readonly Dictionary<Signal, (Signal Signal, TimeSpan Grace)[]> Steps = new()
    {
        [Signal.INT] = [(Signal.INT, TimeSpan.FromSeconds(1)), (Signal.TERM, TimeSpan.FromSeconds(2))],
        [Signal.TERM] = [(Signal.TERM, TimeSpan.FromSeconds(5))],
        [Signal.KILL] = [],
    };

    private readonly CommandExecution _run;
    private readonly Signal _first;
    private readonly TaskCompletionSource _escalation = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Prepares to stop a command.</summary>
    /// <param name="run">The command.</param>
    /// <param name="first">What to begin with: INT, TERM or KILL.</param>
    public ProcessTreeTerminator(CommandExecution run, Signal first) => (_run, _first) = (run, first);

    /// <inheritdoc/>
    public void Escalate() => _escalation.TrySetResult();

    /// <inheritdoc/>
    public async Task<Outcome> StopAsync()
    {
        // Held still: it must neither go on with the rest of its text nor, by ending first, lose what it started.
        _run.Shell.Hold();
        bool isAlone = _run.Shell.Descendants().Count == 0;
        bool isHeeded = false;
        foreach ((Signal signal, TimeSpan grace) in Steps[_first])
        {
            isHeeded = await EndDescendantsAsync(signal, grace);
            if (!isHeeded)
            {
                continue;
            }

            // What the shell has become by 'exec' ends by the signal; the shell itself by the trap it was given, with the code of what it waited for.
            _run.Shell.Signal(signal);
            _run.Shell.Signal(Signal.TERM);
            _run.Shell.Signal(Signal.CONT);
            await Task.WhenAny(_run.Outcome.Task, _escalation.Task, Task.Delay(grace));
            break;
        }

        if (!_run.Outcome.Task.IsCompleted)
        {
            if (!isHeeded)
            {
                _run.Command.StopSignal = Signal.KILL;
            }

            // A shell that this kills says so by its exit status; one that has just ended by itself was not killed.
            _run.Shell.KillTree();
        }

        Outcome outcome = await _run.Outcome.Task;

        // What it was just about to start when it was told to go on, and go.
        Shells.Shell.KillOrphans(new HashSet<int> { _run.Shell.Id });
        return isAlone && outcome.ExitCode == 0 ? outcome with { ExitCode = 128 + (int)_first } : outcome;
    }

    /// <summary>Sends a signal to all descendants and waits until they have ended.</summary>
    /// <returns>False when some are left after the grace period, which starts when the signal has been delivered.</returns>
    private async Task<bool> EndDescendantsAsync(Signal signal, TimeSpan grace)
    {
        HashSet<(int, ulong)> told = [];
        TimeSpan pause = ShortestPause;
        long? end = null;
        while (true)
        {
            // On a busy machine the look itself takes long: only what began after the end of the grace period shows that it was not enough.
            long begin = Environment.TickCount64;
            IReadOnlyList<ProcessEntry> left = _run.Shell.Descendants();
            if (left.Count == 0)
            {
                _run.Command.StopSignal = signal;
                return true;
            }

            if (begin >= end || _escalation.Task.IsCompleted)
            {
                return false;
            }

            foreach (ProcessEntry process in left.Where(process => told.Add((process.Id, process.StartTime))))
            {
                ProcessTable.Send(process, signal);
                ProcessTable.Send(process, Signal.CONT);
            }

            _run.Command.StopSignal = signal;
            end ??= Environment.TickCount64 + (long)grace.TotalMilliseconds;
            await Task.WhenAny(_escalation.Task, Task.Delay(pause));
            pause = pause * 2 > LongestPause ? LongestPause : pause * 2;
        }
    }
}
