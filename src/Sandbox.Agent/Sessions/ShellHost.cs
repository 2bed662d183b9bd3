using Sandbox.Agent.Commands;
using Sandbox.Agent.Shells;
using Sandbox.Linux;

namespace Sandbox.Agent.Sessions;

/// <summary>The shell process of a session and the command that runs in it. A shell that ends during a command is replaced by another in the same
/// state.</summary>
/// <remarks>The session's lock guards all members but the callbacks of the shell, which come on the event loop's thread and take it.</remarks>
/// <param name="wasShellLost">Whether the session had a shell before this agent started.</param>
internal sealed class ShellHost(ShellPool pool, ShellState state, Lock gate, bool isEphemeral, bool wasShellLost) : IShellOwner
{
    // Against code that kills every process again and again.
    private const int MaximumReplacements = 10;

    private readonly HashSet<int> _formerShells = [];
    private readonly TaskCompletionSource _shellEnded = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private TaskCompletionSource? _exportsDue;
    private int _replacements;
    private Outcome? _outcomeAfterRestore;
    private TimeSpan _cpuBefore;
    private long _sequence;
    private bool _shellWasLost = wasShellLost;

    /// <summary>Raised, under the lock, when the shell or its death reported how the running command ended.</summary>
    public event Action<CommandExecution, Outcome>? CommandEnded;

    /// <summary>Raised, without the lock, when the directory or the variables are not those that were saved.</summary>
    public event Action? StateChanged;

    /// <summary>The shell; null before the first command, and after it ended.</summary>
    public Shell? Shell { get; private set; }

    public CommandExecution? Running { get; private set; }

    /// <summary>Processes that earlier commands left in the background.</summary>
    public IReadOnlySet<(int Id, ulong StartTime)> Background { get; private set; } = new HashSet<(int, ulong)>();

    public bool IsClosing { get; private set; }

    /// <summary>Completes when the variables after the last command are known; null when they are.</summary>
    public Task? ExportsDue => _exportsDue?.Task;

    public Shell EnsureShell() => Shell ?? StartShell(savedState: null);

    /// <summary>Starts a command in the idle shell.</summary>
    public void Start(Command command, long? timeoutMs, Action onTimeout)
    {
        _replacements = 0;
        Running = CommandExecution.Start(command, EnsureShell(), ++_sequence, state, timeoutMs, onTimeout, isEphemeral);
        state.Begin(new EnvironmentChanges(command.Request!.Env, command.Request.SecretEnv), Running.Restore);
    }

    /// <summary>Records the end of the running command. On the event loop's thread.</summary>
    /// <param name="wasStopped">Whether it was interrupted, which may have cut off the shell's report of its variables.</param>
    public void Finish(Outcome outcome, bool wasStopped)
    {
        Running!.Finish(outcome);
        Running = null;
        if (Shell is { } shell)
        {
            Background = shell.Descendants().Select(process => (process.Id, process.StartTime)).ToHashSet();
            if (wasStopped)
            {
                shell.RequestStatus(Shell.StatusRequest(0, null));
            }
        }
    }

    /// <summary>Starts no other shell when this one ends.</summary>
    public void BeginClosing() => IsClosing = true;

    /// <summary>Ends a shell with everything it started, also what its predecessors left behind. Not under the lock.</summary>
    public async Task CloseAsync(Shell? last)
    {
        if (last is not null)
        {
            last.KillTree();
            await _shellEnded.Task;
        }

        Shell.KillOrphans(_formerShells);
    }

    void IShellOwner.OnReport(Shell reporter, StatusReport report)
    {
        lock (gate)
        {
            if (reporter != Shell)
            {
                return;
            }

            state.Apply(report);
            _exportsDue ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            if (_outcomeAfterRestore is { } outcome)
            {
                _outcomeAfterRestore = null;
                Complete(outcome);
            }
            else if (Running?.Sequence == report.Sequence)
            {
                Complete(new Outcome(report.ExitCode, null, _shellWasLost, new(report.Cpu - _cpuBefore, null)));
            }

            _cpuBefore = report.Cpu ?? _cpuBefore;
        }
    }

    void IShellOwner.OnExports(Shell reporter, Dictionary<string, string>? exports)
    {
        lock (gate)
        {
            if (reporter != Shell)
            {
                return;
            }

            bool isSaved = state.Apply(exports);
            SetExportsKnown();
            if (isSaved)
            {
                return;
            }
        }

        StateChanged?.Invoke();
    }

    void IShellOwner.OnEnded(Shell reporter, ExitStatus status)
    {
        lock (gate)
        {
            if (reporter != Shell)
            {
                return;
            }

            Shell = null;
            _formerShells.Add(reporter.Id);
            Background = new HashSet<(int, ulong)>();
            SetExportsKnown();
            bool isLast = IsClosing || isEphemeral;
            if (!IsClosing && status.Signal is not null && !reporter.HasEntered && TryReplace(reporter))
            {
                return;
            }

            Outcome outcome = new(
                status.ExitCode, status.Signal, ShellRestarted: !isLast, new(status.Cpu - _cpuBefore, isEphemeral ? status.PeakMemory : null));
            _cpuBefore = TimeSpan.Zero;
            if (isLast)
            {
                _shellEnded.TrySetResult();
                _outcomeAfterRestore = null;
                Complete(outcome);
                return;
            }

            _shellWasLost = true;
            if (Running is not null)
            {
                state.PutBack(Running.Restore);
                _outcomeAfterRestore ??= outcome;
                StartShell(reporter.SavedState);
            }
        }
    }

    private void Complete(Outcome outcome)
    {
        if (Running is { } ended)
        {
            _shellWasLost = false;
            ended.Outcome.TrySetResult(outcome);
            CommandEnded?.Invoke(ended, outcome);
        }
    }

    private void SetExportsKnown()
    {
        _exportsDue?.SetResult();
        _exportsDue = null;
    }

    /// <summary>Replaces a shell that was killed before it ran anything of this session, as by <c>kill -9 -1</c> while it was ready in the pool.</summary>
    /// <returns>False when the command in it was stopped, or met this too often.</returns>
    private bool TryReplace(Shell killed)
    {
        if (Running is null)
        {
            return true;
        }

        if (Running.Shell != killed || Running.Command.StopReason != StopReason.None || _replacements == MaximumReplacements)
        {
            return false;
        }

        _replacements++;
        Running.MoveTo(StartShell(savedState: null));
        return true;
    }

    /// <summary>Starts a shell in the state of the session.</summary>
    private Shell StartShell(string? savedState)
    {
        Shell shell;
        do
        {
            shell = pool.Take();
        }
        while (!shell.TrySetOwner(this));
        Shell = shell;
        if (savedState is null)
        {
            shell.Enter(state.EnterScript(pool.BaseEnvironment) + (isEphemeral ? ShellScripts.Ephemeral : ""));
        }
        else
        {
            shell.EnterSaved(savedState);
        }

        if (_outcomeAfterRestore is not null)
        {
            shell.RequestStatus(Shell.StatusRequest(0, null));
        }

        return shell;
    }
}
