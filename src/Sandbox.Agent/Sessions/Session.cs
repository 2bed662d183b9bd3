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

    private readonly Lock gate = new();
    private readonly AgentServices services;
    private readonly LinkedList<Command> queue = [];
    private readonly HashSet<int> formerShells = [];
    private readonly TaskCompletionSource shellGone = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly SessionPlace place;
    private readonly bool isTemporary;
    private HashSet<(int, ulong)> background = [];
    private Shell? shell;
    private CommandRun? run;
    private IStopper? stopper;
    private Action? afterRestore;
    private TaskCompletionSource? exportsDue;
    private long sequence;
    private TimeSpan cpuBefore;
    private bool shellWasLost;
    private bool closed;

    /// <summary>Creates a session without a shell; the first command, or <see cref="Open"/>, gets one.</summary>
    /// <param name="services">What all sessions share.</param>
    /// <param name="record">Its identity and where it stands.</param>
    /// <param name="isTemporary">Whether it is thrown away after one command.</param>
    /// <param name="isRestored">Whether it had a shell that is gone.</param>
    public Session(AgentServices services, SessionRecord record, bool isTemporary = false, bool isRestored = false)
    {
        this.services = services;
        this.isTemporary = isTemporary;
        Id = record.Id;
        CreatedAt = record.CreatedAt;
        CommandTimeoutMs = record.CommandTimeoutMs;
        place = new SessionPlace(record);
        shellWasLost = isRestored;
    }

    /// <summary>Its id.</summary>
    public string Id { get; }

    /// <summary>When it was made.</summary>
    public DateTimeOffset CreatedAt { get; }

    /// <summary>The limit for its commands, if it has one.</summary>
    public long? CommandTimeoutMs { get; }

    /// <summary>Its terminal, if somebody asked for it: a shell of its own, which starts with the session's directory and variables.</summary>
    public TerminalSlot Terminal { get; } = new();

    /// <summary>The shell's directory after its last command.</summary>
    public string WorkingDirectory
    {
        get
        {
            lock (gate)
            {
                return place.Directory;
            }
        }
    }

    /// <summary>Its shell's process id, while it has one.</summary>
    public int? ShellId
    {
        get
        {
            lock (gate)
            {
                return shell?.Id;
            }
        }
    }

    /// <summary>Starts its shell.</summary>
    public void Open()
    {
        lock (gate)
        {
            EnsureShell();
        }
    }

    /// <summary>The wire form.</summary>
    public SessionInfo ToInfo()
    {
        lock (gate)
        {
            Command? running = run?.Command;
            return new SessionInfo
            {
                Id = Id,
                State = running is null ? SessionState.Idle : SessionState.Busy,
                Cwd = place.Directory,
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
    public async Task<VariableSet> GetVariablesAsync()
    {
        Task? due;
        lock (gate)
        {
            due = exportsDue?.Task;
        }

        if (due is not null)
        {
            // The shell sends them right behind its report: it is a matter of microseconds, unless an interrupt cut them off.
            await Task.WhenAny(due, Task.Delay(ExportsLimit));
        }

        lock (gate)
        {
            return place.Variables;
        }
    }

    /// <summary>Where it stands, for something that starts from there: its directory, and its variables with what is due.</summary>
    public (string Directory, VariableSet Variables) Place()
    {
        lock (gate)
        {
            return (place.Directory, place.Variables);
        }
    }

    /// <summary>Sets or unsets variables; in effect before the next command.</summary>
    /// <param name="layer">The changes.</param>
    public void Change(VariableLayer layer)
    {
        lock (gate)
        {
            place.Change(layer);
        }

        Save();
    }

    /// <summary>Starts a command, or puts it behind those that wait.</summary>
    /// <param name="command">The command.</param>
    /// <exception cref="ApiException">It could not be started, and nothing ran; or the session is being deleted.</exception>
    public void Enqueue(Command command)
    {
        lock (gate)
        {
            if (closed)
            {
                throw Closed();
            }

            if (command.StopReason != StopReason.None)
            {
                Drop(command, command.StopReason);
                return;
            }

            if (run is not null || queue.Count > 0 || afterRestore is not null)
            {
                queue.AddLast(command);
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
        lock (gate)
        {
            if (queue.Remove(command))
            {
                Drop(command, reason);
            }
            else if (run?.Command == command)
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
        lock (gate)
        {
            if (run?.Command != command || shell is null)
            {
                return;
            }

            if (!shell.IsItself)
            {
                shell.Signal(signal);
            }

            foreach (ProcessEntry process in shell.Descendants(background))
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
            lock (session.gate)
            {
                if (session is { run: { } running, shell: { } living })
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
        lock (gate)
        {
            closed = true;
            foreach (Command waiting in queue)
            {
                waiting.Refuse(Closed());
            }

            queue.Clear();
            last = shell;
            if (run is not null)
            {
                run.Command.StopReason = StopReason.Cancelled;
                run.Command.StopSignal = Signal.KILL;
            }
        }

        if (last is not null)
        {
            last.KillTree();
            await shellGone.Task;
        }

        Shell.KillOrphans(formerShells);
    }

    /// <inheritdoc/>
    void IShellOwner.OnReport(Shell reporter, ShellReport report)
    {
        lock (gate)
        {
            if (reporter != shell)
            {
                return;
            }

            place.Take(report);
            exportsDue ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            if (afterRestore is { } finish)
            {
                afterRestore = null;
                finish();
            }
            else if (run?.Sequence == report.Sequence)
            {
                Ended(new Outcome(report.ExitCode, null, shellWasLost, new Usage(report.Cpu - cpuBefore, null)));
            }

            cpuBefore = report.Cpu ?? cpuBefore;
        }
    }

    /// <inheritdoc/>
    void IShellOwner.OnExports(Shell reporter, Dictionary<string, string> exports)
    {
        bool isSaved;
        lock (gate)
        {
            if (reporter != shell)
            {
                return;
            }

            isSaved = place.Take(exports);
            exportsDue?.SetResult();
            exportsDue = null;
        }

        if (!isSaved)
        {
            Save();
        }
    }

    /// <inheritdoc/>
    void IShellOwner.OnEnded(Shell reporter, ExitStatus status)
    {
        lock (gate)
        {
            if (reporter != shell)
            {
                return;
            }

            shell = null;
            formerShells.Add(reporter.Id);
            background = [];
            exportsDue?.SetResult();
            exportsDue = null;
            Usage usage = new(status.Cpu - cpuBefore, isTemporary ? status.PeakMemory : null);
            cpuBefore = TimeSpan.Zero;
            if (closed || isTemporary)
            {
                shellGone.TrySetResult();
                afterRestore = null;
                Ended(new Outcome(status.ExitCode, status.Signal, ShellRestarted: false, usage));
                return;
            }

            shellWasLost = true;
            if (run is not null)
            {
                place.PutBack(run.Restore);
                afterRestore = () => Ended(new Outcome(status.ExitCode, status.Signal, ShellRestarted: true, usage));
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
        run = CommandRun.Start(
            command, ready, ++sequence, place,
            request.TimeoutMs ?? CommandTimeoutMs, () => Stop(command, StopReason.TimedOut, command.Kind == ProcessKind.Process ? Signal.TERM : Signal.INT), isTemporary, services);
        place.Begin(new VariableLayer(request.Env, request.SecretEnv), run.Restore);
    }

    private void StartNext()
    {
        while (run is null && !closed && queue.First is { } first)
        {
            queue.RemoveFirst();
            try
            {
                Start(first.Value);
            }
            catch (ApiException failure)
            {
                first.Value.Refuse(failure);
            }
        }
    }

    private void StopRun(StopReason reason, Signal first)
    {
        if (stopper is null && run is { } stopped)
        {
            stopped.Command.StopReason = reason;
            IStopper started = stopper = isTemporary ? new TreeStopper(stopped, first) : new CommandStopper(stopped, background);
            _ = Task.Run(async () =>
            {
                Outcome outcome = await started.StopAsync();
                services.Loop.Post(() => Finish(stopped, outcome));
            });
        }

        if (first == Signal.KILL)
        {
            stopper?.Hurry();
        }
    }

    /// <summary>The shell, or its death, has told how the running command ended.</summary>
    private void Ended(Outcome outcome)
    {
        if (run is { } ended)
        {
            shellWasLost = false;
            ended.Outcome.TrySetResult(outcome);
            if (stopper is null)
            {
                Finish(ended, outcome);
            }
        }
    }

    /// <summary>Records the end of the running command and goes on with the next. On the event loop's thread.</summary>
    private void Finish(CommandRun ended, Outcome outcome)
    {
        lock (gate)
        {
            ended.Finish(outcome);
            bool wasStopped = stopper is not null;
            run = null;
            stopper = null;
            if (shell is { } living)
            {
                background = [.. living.Descendants().Select(process => (process.Id, process.StartTime))];
                if (wasStopped)
                {
                    // An interrupt may have cut off what the shell said of its variables.
                    living.AskAgain(Shell.ReportRequest(0, null));
                }
            }

            StartNext();
        }
    }

    private Shell EnsureShell()
    {
        if (shell is null)
        {
            Restore(savedState: null);
        }

        return shell!;
    }

    /// <summary>Gets a new shell and brings it to where the session stands.</summary>
    private void Restore(string? savedState)
    {
        shell = services.Shells.Take();
        shell.RunScript("enter", savedState is null
            ? place.EnterScript(services.Shells.BaseEnvironment) + (isTemporary ? ShellScripts.ThrowAway : "")
            : ShellScripts.Restore(Adopt(savedState, shell)));
        shell.GiveTo(this);
        if (afterRestore is not null)
        {
            shell.AskAgain(Shell.ReportRequest(0, null));
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
        if (!isTemporary)
        {
            services.Store.Save(() =>
            {
                lock (gate)
                {
                    return closed ? null : place.Save(this);
                }
            });
        }
    }
}
