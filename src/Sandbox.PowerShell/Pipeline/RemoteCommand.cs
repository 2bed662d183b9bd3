using Sandbox.Client;
using Sandbox.Protocol;

namespace Sandbox;

/// <summary>A command at one target: starts it, streams its events, and stops it when it is cancelled.</summary>
/// <param name="target">Where.</param>
/// <param name="request">What.</param>
/// <param name="input">What it reads, when that comes from the pipeline.</param>
internal sealed class RemoteCommand(SandboxTarget target, ExecRequest request, CommandInput? input = null)
{
    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan StopRetry = TimeSpan.FromMilliseconds(20);

    private volatile bool _answered;
    private volatile bool _ended;

    /// <summary>The command's id.</summary>
    public string Id { get; } = Identifier.Generate();

    /// <summary>Where it runs.</summary>
    public SandboxTarget Target { get; } = target;

    /// <summary>Its handle.</summary>
    public ProcessHandle Process => Target.Sandbox.Process(Id);

    /// <summary>The command as text.</summary>
    public string Text => TextOf(request);

    /// <summary>A command as text.</summary>
    /// <param name="request">The command.</param>
    public static string TextOf(ExecRequest request) => request.Command ?? string.Join(' ', request.Argv ?? []);

    /// <summary>Runs the command.</summary>
    /// <param name="onEvent">Called with each event; reading waits for it.</param>
    /// <param name="onWait">Receives the command it waits for; null when the wait is over.</param>
    /// <param name="cancellationToken">Stops the command in the sandbox.</param>
    public async Task FollowAsync(Func<CommandEvent, ValueTask> onEvent, Func<RunningCommand?, ValueTask> onWait, CancellationToken cancellationToken)
    {
        // Continue reading until the stop request was sent: cancelling the request does not stop the command.
        using CancellationTokenSource abandon = new();
        using CancellationTokenSource sendUntil = new();
        Task stopping = Task.CompletedTask;
        Task sending = Task.CompletedTask;
        CancellationTokenRegistration registration = default;
        try
        {
            ExecRequest whole = input is null ? request : await input.AddToAsync(request, cancellationToken);
            registration = cancellationToken.Register(() => stopping = StopRemoteAsync(abandon));
            using CommandReader reader = await Target.UseAsync(sandbox => sandbox.Process(Id).ExecAsync(whole, abandon.Token), abandon.Token);
            _answered = true;
            sending = input?.SendAsync(Process, sendUntil.Token) ?? Task.CompletedTask;
            await ReadAsync(reader, onEvent, onWait, abandon.Token);
            if (sending.IsFaulted)
            {
                // The command exited normally without reading all of its input.
                await sending;
            }
        }
        finally
        {
            _answered = true;
            await registration.DisposeAsync();
            await stopping;
            await sendUntil.CancelAsync();
            await sending.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            input?.Close();
        }
    }

    private async Task ReadAsync(
        CommandReader reader, Func<CommandEvent, ValueTask> onEvent, Func<RunningCommand?, ValueTask> onWait, CancellationToken cancellationToken)
    {
        using CancellationTokenSource begun = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task watching = new QueueWatch(Target.Sandbox, Id).WatchAsync(running =>
        {
            input?.HoldBack(running is null);
            return onWait(running);
        }, begun.Token);
        try
        {
            await foreach (CommandEvent current in reader.ReadAsync(cancellationToken))
            {
                if (!begun.IsCancellationRequested)
                {
                    await begun.CancelAsync();
                    await watching;
                }

                _ended = current is CommandExit;
                await onEvent(current);
            }
        }
        finally
        {
            await begun.CancelAsync();
            await watching.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task StopRemoteAsync(CancellationTokenSource abandon)
    {
        using CancellationTokenSource limit = new(StopLimit);
        try
        {
            while (!_ended && !await TrySignalAsync(limit.Token))
            {
                // The start request may still be in transit.
                await Task.Delay(StopRetry, limit.Token);
            }
        }
        catch (Exception e) when (Errors.IsExpected(e) || e is OperationCanceledException)
        {
            // Nothing left to report to; the limits of the sandbox still apply.
        }
        finally
        {
            await abandon.CancelAsync();
        }
    }

    private async Task<bool> TrySignalAsync(CancellationToken cancellationToken)
    {
        // Checked before the signal was sent: the command may start while the response "not found" is in transit.
        bool wasThere = _answered;
        try
        {
            await Process.SignalAsync("INT", cancellationToken);
            return true;
        }
        catch (ApiException e) when (e.Code == ErrorCodes.ProcessNotFound && !wasThere)
        {
            return false;
        }
    }
}
