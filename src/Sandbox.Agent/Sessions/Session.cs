using System.Diagnostics.CodeAnalysis;
using Sandbox.Agent.Commands;
using Sandbox.Agent.Shells;
using Sandbox.Agent.Terminals;
using Sandbox.Linux;
using Sandbox.Protocol;

namespace Sandbox.Agent.Sessions;

/// <summary>A shell with an id, a working directory, variables and a queue of commands. It outlives the shell process behind it.</summary>
/// <remarks>Requests come on any thread, the shell's reports on the event loop's. One lock separates the two and is never held while waiting.</remarks>
[SuppressMessage(
    "Design",
    "CA1001:Types that own disposable fields should be disposable",
    Justification = "A token source without a timer holds nothing to dispose of.")]
internal sealed class Session : ICommandRunner
{
    private const int ShownCommandLength = 200;
    private static readonly TimeSpan ExportsLimit = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();
    private readonly CancellationTokenSource _closed = new();
    private readonly StateStore _store;
    private readonly ShellState _state;
    private readonly ShellHost _host;
    private readonly CommandQueue _queue;
    private readonly bool _isEphemeral;

    /// <summary>Creates a session without a shell; the first command or <see cref="Open"/> starts it.</summary>
    /// <param name="isEphemeral">Whether it ends with its first command.</param>
    /// <param name="isRestored">Whether it had a shell in an earlier agent.</param>
    public Session(ShellPool shells, StateStore store, EventLoop loop, SessionRecord record, bool isEphemeral = false, bool isRestored = false)
    {
        _store = store;
        _isEphemeral = isEphemeral;
        Id = record.Id;
        CreatedAt = record.CreatedAt;
        CommandTimeoutMs = record.CommandTimeoutMs;
        _state = new ShellState(record);
        _host = new ShellHost(shells, _state, _gate, isEphemeral, isRestored);
        _host.StateChanged += Save;
        _queue = new CommandQueue(_host, _gate, loop, isEphemeral, CommandTimeoutMs);
    }

    public string Id { get; }

    public DateTimeOffset CreatedAt { get; }

    public long? CommandTimeoutMs { get; }

    /// <summary>The session's terminal: a shell of its own that starts with the session's directory and variables.</summary>
    public TerminalHolder Terminal { get; } = new();

    /// <summary>Cancelled when the session is deleted.</summary>
    public CancellationToken Closed => _closed.Token;

    /// <summary>The shell's directory after its last command.</summary>
    public string WorkingDirectory => Snapshot().Directory;

    public int? ShellId
    {
        get
        {
            lock (_gate)
            {
                return _host.Shell?.Id;
            }
        }
    }

    /// <summary>Starts the shell.</summary>
    public void Open()
    {
        lock (_gate)
        {
            _host.EnsureShell();
        }
    }

    public SessionInfo ToInfo()
    {
        lock (_gate)
        {
            Command? running = _host.Running?.Command;
            return new SessionInfo
            {
                Id = Id,
                State = running is null ? SessionState.Idle : SessionState.Busy,
                Cwd = _state.Directory,
                CreatedAt = CreatedAt,
                CommandTimeoutMs = CommandTimeoutMs,
                RunningCommand = running is null ? null : new RunningCommand(
                    running.Id,
                    running.Text.Length > ShownCommandLength ? running.Text[..ShownCommandLength] : running.Text,
                    running.StartedAt),
            };
        }
    }

    /// <summary>Gets the variables after the last command, with pending changes.</summary>
    public async Task<EnvironmentSnapshot> GetVariablesAsync()
    {
        Task? due;
        lock (_gate)
        {
            due = _host.ExportsDue;
        }

        if (due is not null)
        {
            // The shell sends them right after its report, unless an interrupt cut them off.
            await Task.WhenAny(due, Task.Delay(ExportsLimit));
        }

        return RequireSnapshot().Variables;
    }

    /// <summary>Gets the directory and the variables as last reported, with pending changes.</summary>
    public (string Directory, EnvironmentSnapshot Variables) Snapshot()
    {
        lock (_gate)
        {
            return (_state.Directory, _state.Variables);
        }
    }

    /// <summary>Like <see cref="Snapshot"/>, but fails when the last report was too large: nothing may start with other variables than the
    /// shell's.</summary>
    /// <exception cref="ApiException"><see cref="ErrorCodes.EnvironmentTooLarge"/>.</exception>
    public (string Directory, EnvironmentSnapshot Variables) RequireSnapshot()
    {
        lock (_gate)
        {
            return _state.IsTooLarge ? throw EnvironmentSnapshot.TooLarge() : (_state.Directory, _state.Variables);
        }
    }

    /// <summary>Sets or unsets variables before the next command.</summary>
    /// <exception cref="ApiException"><see cref="ErrorCodes.EnvironmentTooLarge"/>.</exception>
    public void Change(EnvironmentChanges changes)
    {
        lock (_gate)
        {
            _state.Change(changes);
        }

        Save();
    }

    public void Enqueue(Command command) => _queue.Enqueue(command);

    public void Stop(Command command, StopReason reason, Signal first) => _queue.Stop(command, reason, first);

    public void Send(Command command, Signal signal)
    {
        lock (_gate)
        {
            if (_host.Running?.Command != command || _host.Shell is not { } shell)
            {
                return;
            }

            if (!shell.IsItself)
            {
                shell.Signal(signal);
            }

            foreach (ProcessEntry process in shell.Descendants(_host.Background))
            {
                ProcessTable.Send(process, signal);
            }
        }
    }

    /// <summary>Ends the commands of ephemeral sessions at once, all in one step.</summary>
    public static void KillAll(IEnumerable<Session> sessions, StopReason reason)
    {
        List<Shell> shells = [];
        foreach (Session session in sessions)
        {
            lock (session._gate)
            {
                if (session._host is { Running: not null, Shell: { } shell })
                {
                    session.MarkKilled(reason);
                    shells.Add(shell);
                }
            }
        }

        Shell.KillTrees(shells);
    }

    /// <summary>Ends the running command, the background jobs and the shell. Waiting commands are refused.</summary>
    public async Task CloseAsync()
    {
        Terminal.Close();
        Shell? last;
        lock (_gate)
        {
            _host.BeginClosing();
            _queue.Clear();
            MarkKilled(StopReason.Cancelled);
            last = _host.Shell;
        }

        await _closed.CancelAsync();
        await _host.CloseAsync(last);
    }

    private void MarkKilled(StopReason reason)
    {
        if (_host.Running is { Command: { } command })
        {
            command.StopReason = reason;
            command.StopSignal = Signal.KILL;
        }
    }

    private void Save()
    {
        if (!_isEphemeral)
        {
            _store.Save(() =>
            {
                lock (_gate)
                {
                    return _host.IsClosing ? null : _state.ToRecord(this);
                }
            });
        }
    }
}
