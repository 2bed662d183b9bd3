using System.Management.Automation;
using Sandbox.Client;

namespace Sandbox;

/// <summary>Runs long operations with a progress record.</summary>
internal static class ProgressRunner
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(500);

    private static int _lastActivity = 0x5a0000;

    /// <summary>Waits for work on the pipeline thread and shows progress if it takes long.</summary>
    /// <param name="cmdlet">The cmdlet, whose stop ends the work.</param>
    /// <param name="activity">What is done.</param>
    /// <param name="status">What it is done to.</param>
    /// <param name="work">The operation.</param>
    /// <param name="show">Updates the progress record.</param>
    public static T RunWithProgress<T>(
        this SandboxCommandBase cmdlet, string activity, string status, Func<CancellationToken, Task<T>> work, Action<ProgressRecord> show)
    {
        ProgressRecord record = new(Interlocked.Increment(ref _lastActivity), activity, status);
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(cmdlet.StopToken);
        Task<T> task = Task.Run(() => work(stop.Token));
        bool isShown = false;
        try
        {
            while (!((IAsyncResult)task).AsyncWaitHandle.WaitOne(Interval))
            {
                isShown = true;
                show(record);
                cmdlet.WriteProgress(record);
            }

            return cmdlet.Wait(_ => task);
        }
        finally
        {
            stop.Cancel();
            Task.WhenAny(task).GetAwaiter().GetResult();
            if (isShown)
            {
                record.RecordType = ProgressRecordType.Completed;
                cmdlet.WriteProgress(record);
            }
        }
    }

    /// <summary>Writes the progress of a transfer to a progress record.</summary>
    /// <param name="progress">The transfer.</param>
    /// <param name="record">The record.</param>
    public static void Show(this TransferProgress progress, ProgressRecord record)
    {
        const double megabyte = 1 << 20;
        record.StatusDescription = progress.TotalBytes is { } total ? $"{progress.Bytes / megabyte:0.0} of {total / megabyte:0.0} MB"
            : progress.Files > 0 ? $"{progress.Files} files, {progress.Bytes / megabyte:0.0} MB {progress.Current}"
            : $"{progress.Bytes / megabyte:0.0} MB";
        record.PercentComplete = progress.TotalBytes is { } all and > 0 ? (int)Math.Clamp(100 * progress.Bytes / all, 0, 100) : -1;
    }
}
