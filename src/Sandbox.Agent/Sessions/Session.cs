using Sandbox.Agent.Commands;
using Sandbox.Agent.Shells;
using Sandbox.Agent.Terminals;
using Sandbox.Linux;
using Sandbox.Protocol;

namespace Sandbox.Agent.Sessions;

/// <summary>A shell with an id, a directory, variables and a queue of commands, which outlives the shell process behind it.</summary>
/// <remarks>Requests come on any thread, what shells say comes on the event loop's; the gate keeps the two apart and is never held across a wait.</remarks>
internal sealed class Session : IShellOwner
{
    private const int ShownCommandLength = 200;
    private static readonly TimeSpan ExportsLimit = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();
    private readonly AgentComposition _services;
    private readonly LinkedList<Command> _queue = [];
    private readonly HashSet<int> _formerShells = [];
    private readonly TaskCompletionSource _shellGone = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ShellState _place;
    private readonly bool _isEphemeral;
    private HashSet<(int, ulong)> _background = [];
    private Shell? _shell;
    private CommandExecution? _run;
    private ITerminator? _terminator;
    private Action? _afterRestore;
    private TaskCompletionSource? _exportsDue;
    private long _sequence;
    private TimeSpan _cpuBefore;
    private bool _shellWasLost;
    private bool _closed;

    /// <summary>Creates a session without a shell; the first command, or <see cref="Open"/>, gets one.</summary>
    /// <param name="services">What all sessions share.</param>
    /// <param name="record">Its identity and where it stands.</param>
    /// <param name="isEphemeral">Whether it is thrown away after one command.</param>
    /// <param name="isRestored">Whether it had a shell that is gone.</param>
    public Session(AgentComposition services, SessionRecord record, bool isEphemeral = false, bool isRestored = false)
    {
        _services = services;
        _isEphemeral = isEphemeral;
        Id = record.Id;
        CreatedAt = record.CreatedAt;
        CommandTimeoutMs = record.CommandTimeoutMs;
        _place = new ShellState(record);
        _shellWasLost = isRestored;
    }

    /// <summary>Its id.</summary>
    public string Id { get; }

    /// <summary>When it was made.</summary>
    public DateTimeOffset CreatedAt { get; }

    /// <summary>The limit for its commands, if it has one.</summary>
    public long? CommandTimeoutMs { get; }

    /// <summary>Its terminal, if somebody asked for it: a shell of its own, which starts with the session's directory and variables.</summary>
    public TerminalHolder Terminal { get; } = new();

    /// <summary>The shell's directory after its last command.</summary>
    public string WorkingDirectory
    {
        get
        {
            lock (_gate)
            {
                return _place.Directory;
            }
        }
    }

    /// <summary>Its shell's process id, while it has one.</summary>
    public int? ShellId
    {
        get
        {
            lock (_gate)
            {
                return _shell?.Id;
            }
        }
    }

    /// <summary>Starts its shell.</summary>
    public void Open()
    {
        lock (_gate)
        {
            EnsureShell();
        }
    }

    /// <summary>The wire form.</summary>
    public SessionInfo ToInfo()
    {
        lock (_gate)
        {
            Command? running = _run?.Command;
            return new SessionInfo
            {
                Id = Id,
                State = running is null ? SessionState.Idle : SessionState.Busy,
                Cwd = _place.Directory,
                CreatedAt = CreatedAt,
                CommandTimeoutMs = CommandTimeoutMs,
                RunningCommand = running is null ? null : new RunningCommand(
                    running.Id,
                    running.Text.Length > ShownCommandLength ? running.Text[..ShownCommandLength] : running.Text,
                    running.StartedAt),
            };
        }
    }

    /// <summary>The variables: the state after the last command, with what is due.</summary>
    public async Task<EnvironmentSnapshot> GetVariablesAsync()
    {
        Task? due;
        lock (_gate)
        {
            due = _exportsDue?.Task;
        }

        if (due is not null)
        {
            // The shell sends them right behind its report: it is a matter of microseconds, unless an interrupt cut them off.
            await Task.WhenAny(due, Task.Delay(ExportsLimit));
        }

        lock (_gate)
        {
            return _place.Variables;
        }
    }

    /// <summary>Where it stands, for something that starts from there: its directory, and its variables with what is due.</summary>
    public (string Directory, EnvironmentSnapshot Variables) Place()
    {
        lock (_gate)
        {
            return (_place.Directory, _place.Variables);
        }
    }

    /// <summary>Sets or unsets variables; in effect before the next command.</summary>
    /// <param name="layer">The changes.</param>
    public void Change(EnvironmentChanges layer)
    {
        lock (_gate)
        {
            _place.Change(layer);
        }

        Save();
    }

    /// <summary>Starts a command, or puts it behind those that wait.</summary>
    /// <param name="command">The command.</param>
    /// <exception cref="ApiException">It could not be started, and nothing ran; or the session is being deleted.</exception>
    public void Enqueue(Command command)
    {
        lock (_gate)
        {
            if (_closed)
            {
                throw Closed();
            }

            if (command.StopReason != StopReason.None)
            {
                Drop(command, command.StopReason);
                return;
            }

            if (_run is not null || _queue.Count > 0 || _afterRestore is not null)
            {
                _queue.AddLast(command);
                return;
            }

            Start(command);
        }
    }

    /// <summary>Stops a command of this session: one that waits is dropped, a running one ended with all it started.</summary>
    /// <param name="command">The command.</param>
    /// <param name="reason">Why.</param>
    /// <param name="first">What to begin with: INT, TERM or KILL.</param>
    public void Stop(Command command, StopReason reason, Signal first)
    {
        lock (_gate)
        {
            if (_queue.Remove(command))
            {
                Drop(command, reason);
            }
            else if (_run?.Command == command)
            {
                StopRun(reason, first);
            }
            else if (!command.HasEnded)
            {
                // It is known already and on its way into the queue.
                command.StopReason = reason;
            }
        }
    }

    /// <summary>Sends a signal to a running command's processes, and no more.</summary>
    /// <param name="command">The command.</param>
    /// <param name="signal">The signal.</param>
    public void Send(Command command, Signal signal)
    {
        lock (_gate)
        {
            if (_run?.Command != command || _shell is null)
            {
                return;
            }

            if (!_shell.IsItself)
            {
                _shell.Signal(signal);
            }

            foreach (ProcessEntry process in _shell.Descendants(_background))
            {
                ProcessTable.Send(process, signal);
            }
        }
    }

    /// <summary>Ends throw-away sessions' commands at once, all in one step.</summary>
    /// <param name="sessions">The sessions.</param>
    /// <param name="reason">Why.</param>
    public static void KillAll(IEnumerable<Session> sessions, StopReason reason)
    {
        List<Shell> shells = [];
        foreach (Session session in sessions)
        {
            lock (session._gate)
            {
                if (session is { _run: { } running, _shell: { } living })
                {
                    running.Command.StopReason = reason;
                    running.Command.StopSignal = Signal.KILL;
                    shells.Add(living);
                }
            }
        }

        Shell.KillTrees(shells);
    }

    /// <summary>Ends the session: its running command, its background jobs, its shell. What waits is refused.</summary>
    public async Task CloseAsync()
    {
        Terminal.Close();
        Shell? last;
        lock (_gate)
        {
            _closed = true;
            foreach (Command waiting in _queue)
            {
                waiting.Refuse(Closed());
            }

            _queue.Clear();
            last = _shell;
            if (_run is not null)
            {
                _run.Command.StopReason = StopReason.Cancelled;
                _run.Command.StopSignal = Signal.KILL;
            }
        }

        if (last is not null)
        {
            last.KillTree();
            await _shellGone.Task;
        }

        Shell.KillOrphans(_formerShells);
    }

    /// <inheritdoc/>
    void IShellOwner.OnReport(Shell reporter, StatusReport report)
    {
        lock (_gate)
        {
            if (reporter != _shell)
            {
                return;
            }

            _place.Take(report);
            _exportsDue ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            if (_afterRestore is { } finish)
            {
                _afterRestore = null;
                finish();
            }
            else if (_run?.Sequence == report.Sequence)
            {
                Ended(new Outcome(report.ExitCode, null, _shellWasLost, new Usage(report.Cpu - _cpuBefore, null)));
            }

            _cpuBefore = report.Cpu ?? _cpuBefore;
        }
    }

    /// <inheritdoc/>
    void IShellOwner.OnExports(Shell reporter, Dictionary<string, string> exports)
    {
        bool isSaved;
        lock (_gate)
        {
            if (reporter != _shell)
            {
                return;
            }

            isSaved = _place.Take(exports);
            _exportsDue?.SetResult();
            _exportsDue = null;
        }

        if (!isSaved)
        {
            Save();
        }
    }

    /// <inheritdoc/>
    void IShellOwner.OnEnded(Shell reporter, ExitStatus status)
    {
        lock (_gate)
        {
            if (reporter != _shell)
            {
                return;
            }

            _shell = null;
            _formerShells.Add(reporter.Id);
            _background = [];
            _exportsDue?.SetResult();
            _exportsDue = null;
            Usage usage = new(status.Cpu - _cpuBefore, _isEphemeral ? status.PeakMemory : null);
            _cpuBefore = TimeSpan.Zero;
            if (_closed || _isEphemeral)
            {
                _shellGone.TrySetResult();
                _afterRestore = null;
                Ended(new Outcome(status.ExitCode, status.Signal, ShellRestarted: false, usage));
                return;
            }

            _shellWasLost = true;
            if (_run is not null)
            {
                _place.PutBack(_run.Restore);
                _afterRestore = () => Ended(new Outcome(status.ExitCode, status.Signal, ShellRestarted: true, usage));
                Restore(File.Exists(reporter.StateFile) ? reporter.StateFile : null);
            }
        }
    }

    private static void Drop(Command command, StopReason reason)
    {
        command.StopReason = reason;
        command.End(128 + (int)Signal.INT, Signal.INT, shellRestarted: false, default);
    }

    private static ApiException Closed() => new(ErrorCodes.SessionClosed, "The session was deleted while the command waited; it did not run.");

    /// <summary>Starts a command in an idle session.</summary>
    private void Start(Command command)
    {
        ExecRequest request = command.Request!;
        Shell ready = EnsureShell();
        _run = CommandExecution.Start(
            command, ready, ++_sequence, _place,
            request.TimeoutMs ?? CommandTimeoutMs, () => Stop(command, StopReason.TimedOut, command.Kind == ProcessKind.Process ? Signal.TERM : Signal.INT), _isEphemeral, _services);
        _place.Begin(new EnvironmentChanges(request.Env, request.SecretEnv), _run.Restore);
    }

    private void StartNext()
    {
        while (_run is null && !_closed && _queue.First is { } first)
        {
            _queue.RemoveFirst();
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

    private void StopRun(StopReason reason, Signal first)
    {
        if (_terminator is null && _run is { } stopped)
        {
            stopped.Command.StopReason = reason;
            ITerminator started = _terminator = _isEphemeral ? new ProcessTreeTerminator(stopped, first) : new CommandTerminator(stopped, _background);
            _ = Task.Run(async () =>
            {
                Outcome outcome = await started.StopAsync();
                _services.Loop.Post(() => Finish(stopped, outcome));
            });
        }

        if (first == Signal.KILL)
        {
            _terminator?.Escalate();
        }
    }

    /// <summary>The shell, or its death, has told how the running command ended.</summary>
    private void Ended(Outcome outcome)
    {
        if (_run is { } ended)
        {
            _shellWasLost = false;
            ended.Outcome.TrySetResult(outcome);
            if (_terminator is null)
            {
                Finish(ended, outcome);
            }
        }
    }

    /// <summary>Records the end of the running command and goes on with the next. On the event loop's thread.</summary>
    private void Finish(CommandExecution ended, Outcome outcome)
    {
        lock (_gate)
        {
            ended.Finish(outcome);
            bool wasStopped = _terminator is not null;
            _run = null;
            _terminator = null;
            if (_shell is { } living)
            {
                _background = [.. living.Descendants().Select(process => (process.Id, process.StartTime))];
                if (wasStopped)
                {
                    // An interrupt may have cut off what the shell said of its variables.
                    living.RequestStatus(Shell.StatusRequest(0, null));
                }
            }

            StartNext();
        }
    }

    private Shell EnsureShell()
    {
        if (_shell is null)
        {
            Restore(savedState: null);
        }

        return _shell!;
    }

    /// <summary>Gets a new shell and brings it to where the session stands.</summary>
    private void Restore(string? savedState)
    {
        _shell = _services.Shells.Take();
        _shell.RunScript("enter", savedState is null
            ? _place.EnterScript(_services.Shells.BaseEnvironment) + (_isEphemeral ? ShellScripts.Ephemeral : "")
            : ShellScripts.Restore(Adopt(savedState, _shell)));
        _shell.GiveTo(this);
        if (_afterRestore is not null)
        {
            _shell.RequestStatus(Shell.StatusRequest(0, null));
        }
    }

    private static string Adopt(string savedState, Shell heir)
    {
        string file = Path.Combine(heir.RuntimeDirectory, "restore");
        File.Move(savedState, file);
        return file;
    }

    private void Save()
    {
        if (!_isEphemeral)
        {
            _services.Store.Save(() =>
            {
                lock (_gate)
                {
                    return _closed ? null : _place.Save(this);
                }
            });
        }
    }
}
