using Sandbox.Protocol;

namespace Sandbox;

/// <summary>Looks whether a command waits behind another one of its session, and says for which.</summary>
/// <param name="target">Where the command is to run.</param>
/// <param name="commandId">The command.</param>
internal sealed class QueueWatch(SandboxTarget target, string commandId)
{
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(500);

    /// <summary>Watches until the command has its turn.</summary>
    /// <param name="onChange">Is told the command that runs instead, each time it was looked; null when the waiting is over.</param>
    /// <param name="cancellationToken">The command has shown that it runs, or has ended.</param>
    public async Task WatchAsync(Func<RunningCommand?, ValueTask> onChange, CancellationToken cancellationToken)
    {
        bool hasWaited = false;
        try
        {
            while (true)
            {
                await Task.Delay(Patience, cancellationToken);
                SessionInfo session = await target.Client.GetSessionAsync(target.SandboxId, target.SessionId ?? SandboxTarget.DefaultId, cancellationToken);
                if (session.RunningCommand?.ProcessId == commandId)
                {
                    break;
                }

                if (session.RunningCommand is { } running)
                {
                    hasWaited = true;
                    await onChange(running);
                }
            }
        }
        catch (Exception e) when (Errors.IsExpected(e) || (e is OperationCanceledException && cancellationToken.IsCancellationRequested))
        {
            // The command itself tells what is wrong. One without a session waits for nobody, and there is none to ask.
        }

        if (hasWaited)
        {
            await onChange(null);
        }
    }
}
