using System.Management.Automation;
using Sandbox.Client;
using Sandbox.Protocol;

namespace Sandbox;

/// <summary>The child job for one sandbox or session.</summary>
public sealed class SandboxChildJob : SandboxJobBase, IOutputSink
{
    private readonly ModuleState _state;
    private readonly RemoteCommand _run;
    private readonly CommandOutputDispatcher _follower;
    private readonly bool _stopsAtError;
    private readonly CancellationTokenSource _stop = new();
    private readonly TaskCompletionSource _written = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Task _running = Task.CompletedTask;
    private ErrorRecord? _stopReason;
    private volatile string _status = "";
    private volatile bool _hasFailed;
    private bool _wasCancelled;

    /// <summary>Creates a job that has not begun.</summary>
    /// <param name="state">The state of the runspace that the job belongs to.</param>
    /// <param name="target">The sandbox or session.</param>
    /// <param name="request">The command.</param>
    /// <param name="input">The input, when it comes from the pipeline.</param>
    /// <param name="options">The output format.</param>
    /// <param name="stopsAtError">Whether the first error ends the command.</param>
    internal SandboxChildJob(ModuleState state, SandboxTarget target, ExecRequest request, CommandInput? input, OutputOptions options, bool stopsAtError)
        : base(RemoteCommand.TextOf(request), null)
    {
        _state = state;
        _run = new(target.WithHandlers(Trace, Warn), request, input);
        _follower = new(this, options, exit => (ExitCode, _wasCancelled) = (exit.ExitCode, exit.Cancelled));
        _stopsAtError = stopsAtError;
    }

    /// <summary>The exit code, as soon as it is known.</summary>
    public int? ExitCode { get; private set; }

    /// <summary>The command's id in its sandbox.</summary>
    public string ProcessId => _run.Id;

    /// <inheritdoc />
    public override bool HasMoreData => !IsFinished || Output.Count + Error.Count + Warning.Count + Verbose.Count + Information.Count + Progress.Count > 0;

    /// <inheritdoc />
    public override string Location => _run.Target.ToString();

    /// <summary>The command it waits for, or the reason of its failure.</summary>
    public override string StatusMessage => _status;

    /// <inheritdoc />
    public override void StartJob() => throw new InvalidJobStateException(JobStateInfo.State, "A child job cannot be started by itself. Start its parent job.");

    /// <inheritdoc />
    ValueTask IOutputSink.PostAsync(Action effect)
    {
        effect();
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc />
    void IOutputSink.WriteObject(object value) => Output.Add(PSObject.AsPSObject(value));

    /// <inheritdoc />
    void IOutputSink.WriteError(ErrorRecord error)
    {
        if (!_stopsAtError)
        {
            Error.Add(error);
        }
        else if (!_hasFailed)
        {
            Fail(error);
            RequestStop();
        }
    }

    /// <inheritdoc />
    void IOutputSink.WriteFailure(ErrorRecord error) => Fail(Errors.Clean(error));

    /// <inheritdoc />
    void IOutputSink.WriteWarning(string text) => Warning.Add(new(Protocol.DisplayText.CleanLines(text)));

    /// <inheritdoc />
    void IOutputSink.WriteInformation(InformationRecord record) => Information.Add(record);

    /// <inheritdoc />
    void IOutputSink.WriteProgress(ProgressRecord record)
    {
        // Keep only the latest progress.
        Progress.Clear();
        Progress.Add(Errors.Clean(record));
        _status = record.RecordType == ProgressRecordType.Completed ? "" : $"{record.Activity}: {record.StatusDescription}";
    }

    /// <inheritdoc />
    internal override Task StopAsync()
    {
        RequestStop();
        return _running;
    }

    /// <summary>Requests it to stop, also in the sandbox.</summary>
    /// <param name="reason">The error that stops it; null when the user stops it.</param>
    internal void RequestStop(ErrorRecord? reason = null)
    {
        _stopReason ??= reason;
        _stop.Cancel();
    }

    /// <summary>Runs the command when it is its turn, to its end.</summary>
    /// <param name="room">Limits how many commands of the job run at once.</param>
    internal Task RunAsync(SemaphoreSlim room) => _running = RunInTurnAsync(room);

    /// <inheritdoc />
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            RequestStop();

            // The streams are closed below, so writers must have finished. Waits for no more: a handler of the state change may call this.
            if (!_running.IsCompleted)
            {
                _written.Task.GetAwaiter().GetResult();
            }
        }

        base.Dispose(disposing);
    }

    private async Task RunInTurnAsync(SemaphoreSlim room)
    {
        using IDisposable termination = TerminationSignals.Register(() => RequestStop());
        Task turn = room.WaitAsync(_stop.Token);
        await turn.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        Task following = turn;
        if (turn.IsCompletedSuccessfully)
        {
            EnterState(JobState.Running);
            following = _follower.FollowAsync(_run, _stop.Token);
            await following.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        if (following.Exception?.InnerException is { } defect)
        {
            Fail(Errors.Unexpected(defect));
        }
        else if (_stopReason is not null && (ExitCode is null || _wasCancelled))
        {
            // Even if the exit was read: the command did not exit by itself.
            Fail(_stopReason);
        }

        // Before the state change: a handler of it may remove the job.
        _written.SetResult();
        EnterState(_hasFailed ? JobState.Failed : _wasCancelled || following.IsCanceled ? JobState.Stopped : JobState.Completed);
        if (turn.IsCompletedSuccessfully)
        {
            room.Release();
        }
    }

    private void Fail(ErrorRecord error)
    {
        _hasFailed = true;
        _status = error.Exception.Message;
        Error.Add(error);
    }

    private void Trace(RequestTrace trace)
    {
        _state.Changes.Note(trace);
        Verbose.Add(new(trace.ToString()));
    }

    private void Warn(IEnumerable<string>? warnings)
    {
        foreach (string warning in _state.Warnings.TakeNew(warnings))
        {
            Warning.Add(new(warning));
        }
    }
}
