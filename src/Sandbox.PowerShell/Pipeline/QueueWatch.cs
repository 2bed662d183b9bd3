using Sandbox.Client;
using Sandbox.Protocol;

namespace Sandbox;

/// <summary>Polls whether a command waits for another command of its session.</summary>
/// <param name="sandbox">Where the command is to run.</param>
/// <param name="commandId">The command.</param>
internal sealed class QueueWatch(SandboxHandle sandbox, string commandId)
{
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(500);

    /// <summary>Watches until the command has its turn.</summary>
    /// <param name="onChange">Receives the running command after each poll; null when the wait is over.</param>
    /// <param name="cancellationToken">The command has shown that it runs, or has ended.</param>
    public async Task WatchAsync(Func<RunningCommand?, ValueTask> onChange, CancellationToken cancellationToken)
    {
        SandboxHandle session = sandbox.Session(sandbox.SessionId ?? SandboxTarget.DefaultId);
        bool hasWaited = false;
        try
        {
            while (true)
            {
                await Task.Delay(PollInterval, cancellationToken);
                SessionInfo info = await session.GetSessionAsync(cancellationToken);
                if (info.RunningCommand?.ProcessId == commandId)
                {
                    break;
                }

                if (info.RunningCommand is { } running)
                {
                    hasWaited = true;
                    await onChange(running);
                }
            }
        }
        catch (Exception e) when (Errors.IsExpected(e) || (e is OperationCanceledException && cancellationToken.IsCancellationRequested))
        {
            // The command itself reports what is wrong. Without a session there is nothing to wait for.
        }

        if (hasWaited)
        {
            await onChange(null);
        }
    }
}
