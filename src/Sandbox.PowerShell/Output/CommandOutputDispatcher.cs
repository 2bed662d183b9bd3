using System.Management.Automation;
using Sandbox.Client;
using Sandbox.Protocol;

namespace Sandbox;

/// <summary>Runs commands and writes their output and exit status to a sink.</summary>
/// <param name="sink">The sink.</param>
/// <param name="options">The output format.</param>
/// <param name="onExit">Receives each exit status before anything is written about it.</param>
internal sealed class CommandOutputDispatcher(IOutputSink sink, OutputOptions options, Action<ExecExit> onExit)
{
    /// <summary>Runs a command to its end.</summary>
    /// <param name="run">The command.</param>
    /// <param name="cancellationToken">Cancels the operation, also in the sandbox.</param>
    public Task FollowAsync(RemoteCommand run, CancellationToken cancellationToken)
    {
        OutputWriter writer = OutputWriter.Create(sink, run.Target, options);
        return writer.FollowAsync(() => run.FollowAsync(
            current => sink.PostAsync(current is CommandExit end ? () => End(run, writer, end.Exit) : () => writer.Write(current)),
            running => sink.PostAsync(() => ShowWaiting(run, running)),
            cancellationToken));
    }

    private void ShowWaiting(RemoteCommand run, RunningCommand? running)
    {
        string status = running is null ? "The command is running." : $"'{running.Command}' has been running since {running.StartedAt.LocalDateTime:HH:mm:ss}.";
        sink.WriteProgress(new(run.Id.GetHashCode(StringComparison.Ordinal) & int.MaxValue, $"Waiting in '{run.Target}'", status)
        {
            RecordType = running is null ? ProgressRecordType.Completed : ProgressRecordType.Processing,
        });
    }

    private void End(RemoteCommand run, OutputWriter writer, ExecExit exit)
    {
        onExit(exit);
        writer.Finish(output => new SandboxCommandResult(run.Process, run.Text, exit, output));
        if (exit.TimedOut)
        {
            // On a result it is a property.
            if (options.Form != OutputFormat.Result)
            {
                sink.WriteFailure(Errors.CommandTimedOut(run.Target.Sandbox, exit));
            }
        }
        else if (options.NonZeroIsError && exit.ExitCode != 0)
        {
            sink.WriteFailure(Errors.CommandExitedNonZero(run.Target.Sandbox, exit));
        }
    }
}
