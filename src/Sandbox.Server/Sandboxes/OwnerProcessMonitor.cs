using Sandbox.Server.Infrastructure;

namespace Sandbox.Server.Sandboxes;

/// <summary>Waits for the exit of the process that a temporary sandbox belongs to. Disposing it ends the wait.</summary>
internal sealed class OwnerProcessMonitor : IDisposable
{
    private readonly CancellationTokenSource _stop = new();

    /// <summary>Starts waiting.</summary>
    /// <param name="owner">The process; it may have exited already.</param>
    /// <param name="hold">Keeps the server from exiting; disposed when the wait is over.</param>
    /// <param name="onExit">Called after the exit.</param>
    public OwnerProcessMonitor(ProcessIdentity owner, IDisposable hold, Func<Task> onExit) => _ = Task.Run(() => WaitAsync(owner, hold, onExit));

    public void Dispose() => _stop.Cancel();

    private async Task WaitAsync(ProcessIdentity owner, IDisposable hold, Func<Task> onExit)
    {
        try
        {
            if (owner.Find() is { } process)
            {
                await SharedEventLoop.WaitForExitAsync(process, Timeout.InfiniteTimeSpan, _stop.Token);
            }

            await onExit();
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // The sandbox was removed before.
        }
        catch (Exception exception)
        {
            ServerLog.Write("A temporary sandbox could not be removed", exception);
        }
        finally
        {
            hold.Dispose();
        }
    }
}
