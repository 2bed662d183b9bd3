using Sandbox.Client;
using Sandbox.Protocol;

namespace Sandbox;

/// <summary>One run of a command at one target: begins it, follows it, and stops it there when it is stopped here.</summary>
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

    /// <summary>The command as text.</summary>
    public string Text => TextOf(request);

    /// <summary>A command as text.</summary>
    /// <param name="request">The command.</param>
    public static string TextOf(ExecRequest request) => request.Command ?? string.Join(' ', request.Argv ?? []);

    /// <summary>Runs the command.</summary>
    /// <param name="onEvent">Takes each event; the reading waits for it.</param>
    /// <param name="onWait">Is told while it waits for another command of its session; null when the waiting is over.</param>
    /// <param name="cancellationToken">Stops the command in the sandbox.</param>
    public async Task FollowAsync(Func<CommandEvent, ValueTask> onEvent, Func<RunningCommand?, ValueTask> onWait, CancellationToken cancellationToken)
    {
        // Reading goes on until the sandbox was told to stop: a request that is broken off does not end its command.
        using CancellationTokenSource abandon = new();
        using CancellationTokenSource sendUntil = new();
        Task stopping = Task.CompletedTask;
        Task sending = Task.CompletedTask;
        CancellationTokenRegistration registration = default;
        try
        {
            ExecRequest whole = input is null ? request : await input.AddToAsync(request, cancellationToken);
            registration = cancellationToken.Register(() => stopping = StopRemoteAsync(abandon));
            using CommandReader reader = await Target.UseAsync(
                () => Target.Client.ExecAsync(Target.SandboxId, Target.SessionId, Id, whole, abandon.Token), abandon.Token);
            _answered = true;
            sending = input?.SendAsync(Target, Id, sendUntil.Token) ?? Task.CompletedTask;
            await ReadAsync(reader, onEvent, onWait, abandon.Token);
            if (sending.IsFaulted)
            {
                // The command ended in good faith, but did not read all that it was given.
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
        Task watching = new QueueWatch(Target, Id).WatchAsync(running =>
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
                // The request to begin may still be on its way.
                await Task.Delay(StopRetry, limit.Token);
            }
        }
        catch (Exception e) when (Errors.IsExpected(e) || e is OperationCanceledException)
        {
            // Nobody is left to be told, and the sandbox's own limits still hold.
        }
        finally
        {
            await abandon.CancelAsync();
        }
    }

    private async Task<bool> TrySignalAsync(CancellationToken cancellationToken)
    {
        // As it was when the signal was sent: the command may begin while "there is none" is on its way back.
        bool wasThere = _answered;
        try
        {
            await Target.Client.SignalAsync(Target.SandboxId, Id, "INT", cancellationToken);
            return true;
        }
        catch (ApiException e) when (e.Code == ErrorCodes.ProcessNotFound && !wasThere)
        {
            return false;
        }
    }
}
