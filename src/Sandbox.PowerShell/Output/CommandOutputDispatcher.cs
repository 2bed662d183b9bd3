using System.Management.Automation;
using Sandbox.Client;
using Sandbox.Protocol;

namespace Sandbox;

/// <summary>Runs commands and writes their output and exit status to a sink in the selected format.</summary>
/// <param name="sink">The sink.</param>
/// <param name="options">The form.</param>
internal sealed class CommandOutputDispatcher(IOutputSink sink, OutputOptions options)
{
    /// <summary>Runs a command to its end.</summary>
    /// <param name="run">The command.</param>
    /// <param name="cancellationToken">Cancels the operation, also in the sandbox.</param>
    public async Task FollowAsync(RemoteCommand run, CancellationToken cancellationToken)
    {
        OutputWriter writer = OutputWriter.Create(sink, run, options);
        try
        {
            await run.FollowAsync(
                current => sink.PostAsync(current switch
                {
                    CommandOutput output => () => writer.Write(output),
                    CommandExit end => () => End(run, writer, end.Exit),
                    OutputGap gap => () => sink.WriteWarning(Errors.OutputMissing(run.Target.ToString(), gap.Missing)),
                    _ => static () => { },
                }),
                running => sink.PostAsync(() => ShowWaiting(run, running)),
                cancellationToken);
        }
        catch (OperationCanceledException)
        {
            await sink.PostAsync(() => writer.Finish(null));
            throw;
        }
        catch (Exception e) when (Errors.IsExpected(e))
        {
            await sink.PostAsync(() =>
            {
                // Return the received output even after a failure.
                writer.Finish(null);
                sink.WriteFailure(Errors.From(e, run.Target.ToString()));
            });
        }
    }

    private void ShowWaiting(RemoteCommand run, RunningCommand? running) => sink.WriteProgress(
        new ProgressRecord(run.Id.GetHashCode(StringComparison.Ordinal) & int.MaxValue, $"Waiting in '{run.Target}'", running is null ? "The command is running." : $"'{running.Command}' has been running since {running.StartedAt.LocalDateTime:HH:mm:ss}.")
        {
            RecordType = running is null ? ProgressRecordType.Completed : ProgressRecordType.Processing,
        });

    private void End(RemoteCommand run, OutputWriter writer, ExecExit exit)
    {
        sink.SetExit(exit);
        writer.Finish(exit);
        if (exit.TimedOut)
        {
            // On a result it is a property.
            if (options.Form != OutputFormat.Result)
            {
                sink.WriteFailure(Errors.CommandTimedOut(run, exit));
            }
        }
        else if (options.NonZeroIsError && exit.ExitCode != 0)
        {
            sink.WriteFailure(Errors.CommandExitedNonZero(run, exit));
        }
    }
}
