using System.ComponentModel;
using System.Management.Automation;

namespace Sandbox;

/// <summary>Base of the job and its child jobs, which can be stopped but not suspended.</summary>
public abstract class SandboxJobBase : Job2
{
    private protected SandboxJobBase(string command, string? name)
        : base(command, name) => PSJobTypeName = nameof(SandboxJob);

    private protected bool IsFinished => JobStateInfo.State is JobState.Completed or JobState.Failed or JobState.Stopped;

    /// <inheritdoc />
    public override void StartJobAsync()
    {
        StartJob();
        OnStartJobCompleted(Completed(null));
    }

    /// <inheritdoc />
    public override void StopJob() => StopAsync().GetAwaiter().GetResult();

    /// <inheritdoc />
    public override void StopJob(bool force, string reason) => StopJob();

    /// <inheritdoc />
    public override void StopJobAsync() => _ = StopAndTellAsync();

    /// <inheritdoc />
    public override void StopJobAsync(bool force, string reason) => StopJobAsync();

    /// <inheritdoc />
    public override void SuspendJob() => throw NotSuspendable();

    /// <inheritdoc />
    public override void SuspendJob(bool force, string reason) => throw NotSuspendable();

    /// <inheritdoc />
    public override void SuspendJobAsync() => OnSuspendJobCompleted(Completed(NotSuspendable()));

    /// <inheritdoc />
    public override void SuspendJobAsync(bool force, string reason) => SuspendJobAsync();

    /// <inheritdoc />
    public override void ResumeJob() => throw NotSuspendable();

    /// <inheritdoc />
    public override void ResumeJobAsync() => OnResumeJobCompleted(Completed(NotSuspendable()));

    /// <inheritdoc />
    public override void UnblockJob() => throw NeverBlocked();

    /// <inheritdoc />
    public override void UnblockJobAsync() => OnUnblockJobCompleted(Completed(NeverBlocked()));

    /// <summary>Stops the running commands, also in the sandbox, and waits until they have ended.</summary>
    internal abstract Task StopAsync();

    /// <summary>Enters a state, unless the job was removed in the meantime.</summary>
    private protected void EnterState(JobState state)
    {
        try
        {
            SetJobState(state);
        }
        catch (ObjectDisposedException)
        {
            // Nothing left to report to.
        }
    }

    private static AsyncCompletedEventArgs Completed(Exception? error) => new(error, cancelled: false, userState: null);

    private static PSNotSupportedException NotSuspendable() => new("A command in a sandbox cannot be suspended. Stop the job instead.");

    private static PSNotSupportedException NeverBlocked() => new("A command in a sandbox never prompts, so its job is never blocked.");

    private async Task StopAndTellAsync()
    {
        await StopAsync();
        OnStopJobCompleted(Completed(null));
    }
}
