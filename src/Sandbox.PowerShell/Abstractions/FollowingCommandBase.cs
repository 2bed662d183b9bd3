using System.Management.Automation;
using Sandbox.Client;
using Sandbox.Protocol;

namespace Sandbox;

/// <summary>Cmdlets that run commands and emit their output: its form, exit codes, and many commands at once.</summary>
public abstract class FollowingCommandBase : SandboxCommandBase
{
    private int? _exitCode;
    private bool _nonZeroIsError;
    private OutputOptions _options = null!;
    private PipelinePump? _pump;

    /// <summary>What becomes of standard error.</summary>
    [Parameter(HelpMessage = "What becomes of standard error.")]
    public StandardErrorAction StandardError { get; set; } = StandardErrorAction.Host;

    /// <summary>Emits one object for each place: exit code, both outputs, times.</summary>
    [Parameter(HelpMessage = "Emits one object: exit code, outputs, times.")]
    public SwitchParameter AsResult { get; set; }

    /// <summary>Emits the output as one string, exactly.</summary>
    [Parameter(HelpMessage = "Emits one string.")]
    public SwitchParameter Raw { get; set; }

    /// <summary>Emits the output as byte arrays, as they come.</summary>
    [Parameter(HelpMessage = "Emits byte arrays.")]
    public SwitchParameter AsByteStream { get; set; }

    /// <summary>How many bytes <c>-AsResult</c> and <c>-Raw</c> collect.</summary>
    [Parameter(HelpMessage = "How many bytes are collected.")]
    [ValidateRange(0, 1L << 30)]
    public long OutputLimit { get; set; } = 64 << 20;

    /// <summary>Puts <c>[sandbox/session] </c> before each line.</summary>
    [Parameter(HelpMessage = "Puts the place before each line.")]
    public SwitchParameter Prefix { get; set; }

    /// <summary>Makes an exit code that is not zero an error.</summary>
    [Parameter(HelpMessage = "Makes an exit code that is not zero an error.")]
    public SwitchParameter ErrorOnNonZeroExit { get; set; }

    /// <summary>In how many places the command runs at once.</summary>
    [Parameter(HelpMessage = "In how many places at once.")]
    [ValidateRange(1, int.MaxValue)]
    public int ThrottleLimit { get; set; } = 32;

    /// <inheritdoc />
    protected override void BeginProcessing()
    {
        if ((AsResult ? 1 : 0) + (Raw ? 1 : 0) + (AsByteStream ? 1 : 0) > 1)
        {
            ThrowTerminatingError(Errors.InvalidArgument("-AsResult, -Raw and -AsByteStream exclude each other.", null));
        }

        OutputForm form = AsResult ? OutputForm.Result : Raw ? OutputForm.Raw : AsByteStream ? OutputForm.Bytes : OutputForm.Lines;
        _options = new(form, StandardError, Prefix, OutputLimit);
        _nonZeroIsError = ErrorOnNonZeroExit || LanguagePrimitives.IsTrue(GetVariableValue("PSNativeCommandUseErrorActionPreference"));
        _pump = new(ThrottleLimit, FlushMessages, StopToken);
    }

    /// <inheritdoc />
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _pump?.Dispose();
        }

        base.Dispose(disposing);
    }

    /// <summary>Begins a command, or keeps it until there is room.</summary>
    /// <param name="run">The command.</param>
    internal void Start(CommandRun run) => _pump!.Start(token => FollowAsync(run, token));

    /// <summary>Emits what is there, without waiting.</summary>
    private protected void EmitReady() => _pump!.DrainReady();

    /// <summary>Emits what there is, until a task has ended.</summary>
    private protected void EmitUntil(Task condition) => _pump!.DrainUntil(condition);

    /// <summary>Emits everything, until all commands have ended.</summary>
    private protected void EmitAll() => _pump!.DrainAll();

    private async Task FollowAsync(CommandRun run, CancellationToken cancellationToken)
    {
        OutputWriter writer = OutputWriter.Create(this, run, _options);
        try
        {
            await run.FollowAsync(
                current => _pump!.PostAsync(current switch
                {
                    CommandOutput output => () => writer.Write(output),
                    CommandExit end => () => End(run, writer, end.Exit),
                    CommandGap gap => () => WriteWarning(Errors.OutputMissing(run.Target.ToString(), gap.Missing)),
                    _ => static () => { },
                }),
                running => _pump!.PostAsync(() => ShowWaiting(run, running)),
                cancellationToken);
        }
        catch (Exception e) when (Errors.IsExpected(e))
        {
            await _pump!.PostAsync(() =>
            {
                // What arrived is the user's, whatever happened then.
                writer.Finish(null);
                Report(e, run.Target.ToString());
            });
        }
    }

    private void ShowWaiting(CommandRun run, RunningCommand? running) => WriteProgress(
        new ProgressRecord(run.Id.GetHashCode(StringComparison.Ordinal) & int.MaxValue, $"Waiting in '{run.Target}'", running is null ? "The command runs." : $"'{running.Command}' runs since {running.StartedAt.LocalDateTime:HH:mm:ss}.")
        {
            RecordType = running is null ? ProgressRecordType.Completed : ProgressRecordType.Processing,
        });

    private void End(CommandRun run, OutputWriter writer, ExecExit exit)
    {
        // Of several commands the first that failed is the one that counts.
        _exitCode = _exitCode is null or 0 ? exit.ExitCode : _exitCode;
        SessionState.PSVariable.Set("global:LASTEXITCODE", _exitCode);
        writer.Finish(exit);
        if (exit.TimedOut)
        {
            // On a result it is a property.
            if (!AsResult)
            {
                WriteError(Errors.CommandTimedOut(run, exit));
            }
        }
        else if (_nonZeroIsError && exit.ExitCode != 0)
        {
            WriteError(Errors.CommandExitedNonZero(run, exit));
        }
    }
}
