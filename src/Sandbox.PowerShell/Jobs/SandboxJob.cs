using System.Management.Automation;

namespace Sandbox;

/// <summary>A command that runs in the background, with a child job for each sandbox or session.</summary>
public sealed class SandboxJob : SandboxJobBase
{
    private readonly IReadOnlyList<SandboxChildJob> _children;
    private readonly int _limit;
    private readonly BufferedInput? _input;
    private Task _running = Task.CompletedTask;

    /// <summary>Creates a job that has not begun.</summary>
    /// <param name="name">The name; null for a generated one.</param>
    /// <param name="children">The child jobs, at least one.</param>
    /// <param name="limit">The maximum number of targets at once.</param>
    /// <param name="input">The input of the commands.</param>
    internal SandboxJob(string? name, IReadOnlyList<SandboxChildJob> children, int limit, BufferedInput? input)
        : base(children[0].Command, name)
    {
        (_children, _limit, _input) = (children, limit, input);
        foreach (SandboxChildJob child in children)
        {
            ChildJobs.Add(child);
        }
    }

    /// <inheritdoc />
    public override bool HasMoreData => _children.Any(child => child.HasMoreData);

    /// <inheritdoc />
    public override string Location => string.Join(',', _children.Select(child => child.Location));

    /// <inheritdoc />
    public override string StatusMessage => string.Join(' ', _children.Select(child => child.StatusMessage).Where(text => text.Length > 0));

    /// <inheritdoc />
    public override void StartJob()
    {
        if (JobStateInfo.State != JobState.NotStarted)
        {
            throw new InvalidJobStateException(JobStateInfo.State, "The job was already started.");
        }

        EnterState(JobState.Running);
        _running = RunAsync();
    }

    /// <inheritdoc />
    internal override Task StopAsync()
    {
        foreach (SandboxChildJob child in _children)
        {
            child.RequestStop();
        }

        return _running;
    }

    /// <inheritdoc />
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            // Signal all first, so that they stop in parallel.
            foreach (SandboxChildJob child in _children)
            {
                child.RequestStop();
            }

            foreach (SandboxChildJob child in _children)
            {
                child.Dispose();
            }
        }

        base.Dispose(disposing);
    }

    private async Task RunAsync()
    {
        using CancellationTokenSource ended = new();
        Task feeding = FeedAsync(ended.Token);
        using SemaphoreSlim room = new(_limit);
        await Task.WhenAll(_children.Select(child => child.RunAsync(room)));
        await ended.CancelAsync();
        await feeding;
        EnterState(
            _children.Any(child => child.JobStateInfo.State == JobState.Failed) ? JobState.Failed
            : _children.Any(child => child.JobStateInfo.State == JobState.Stopped) ? JobState.Stopped
            : JobState.Completed);
    }

    private async Task FeedAsync(CancellationToken cancellationToken)
    {
        Task sending = _input?.SendAsync(cancellationToken) ?? Task.CompletedTask;
        await sending.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (sending.Exception?.InnerException is { } failure)
        {
            // Stop the command: it must not continue with incomplete input.
            foreach (SandboxChildJob child in _children)
            {
                child.RequestStop(Errors.InputFailed(failure));
            }
        }
    }
}
