using System.Management.Automation;
using Sandbox.Protocol;

namespace Sandbox;

/// <summary>Cmdlets that run commands and emit their output, or a job that does: its form, exit codes, and many commands at once.</summary>
public abstract class FollowingCommandBase : SandboxCommandBase
{
    private readonly List<SandboxChildJob> _children = [];
    private int? _exitCode;
    private OutputOptions _options = null!;
    private CommandOutputDispatcher _follower = null!;
    private PipelinePump? _pump;
    private BufferedInput? _collected;

    /// <summary>What becomes of standard error.</summary>
    [Parameter(HelpMessage = "How standard error is handled.")]
    public StandardErrorAction StandardError { get; set; } = StandardErrorAction.Host;

    /// <summary>Returns one object for each target: exit code, both outputs, times.</summary>
    [Parameter(HelpMessage = "Returns one object with the exit code, output and times.")]
    public SwitchParameter AsResult { get; set; }

    /// <summary>Returns the output as one string, exactly.</summary>
    [Parameter(HelpMessage = "Returns the output as one string.")]
    public SwitchParameter Raw { get; set; }

    /// <summary>Returns the output as byte arrays, as they come.</summary>
    [Parameter(HelpMessage = "Returns byte arrays.")]
    public SwitchParameter AsByteStream { get; set; }

    /// <summary>How many bytes <c>-AsResult</c> and <c>-Raw</c> collect.</summary>
    [Parameter(HelpMessage = "Maximum number of bytes to collect.")]
    [ValidateRange(0, 1L << 30)]
    public long OutputLimit { get; set; } = OutputOptions.DefaultLimit;

    /// <summary>Prefixes each line with <c>[sandbox/session] </c>.</summary>
    [Parameter(HelpMessage = "Prefixes each line with its sandbox or session.")]
    public SwitchParameter Prefix { get; set; }

    /// <summary>Reports a non-zero exit code as an error.</summary>
    [Parameter(HelpMessage = "Reports a non-zero exit code as an error.")]
    public SwitchParameter ErrorOnNonZeroExit { get; set; }

    /// <summary>Maximum number of sessions or sandboxes in which the command runs at once.</summary>
    [Parameter(HelpMessage = "Maximum number of sandboxes or sessions at once.")]
    [ValidateRange(1, int.MaxValue)]
    public int ThrottleLimit { get; set; } = 32;

    /// <summary>Runs the command as a job and returns the job.</summary>
    [Parameter(HelpMessage = "Runs in the background, as a job.")]
    public SwitchParameter AsJob { get; set; }

    /// <summary>The job's name; as <c>-AsJob</c>.</summary>
    [Parameter(HelpMessage = "The name of the job.")]
    [ValidateNotNullOrEmpty]
    public string? JobName { get; set; }

    private bool IsJob => AsJob || JobName is not null;

    /// <inheritdoc />
    protected override void BeginProcessing()
    {
        if ((AsResult ? 1 : 0) + (Raw ? 1 : 0) + (AsByteStream ? 1 : 0) > 1)
        {
            ThrowTerminatingError(Errors.InvalidArgument("-AsResult, -Raw and -AsByteStream cannot be combined.", null));
        }

        OutputFormat form = AsResult ? OutputFormat.Result : Raw ? OutputFormat.Raw : AsByteStream ? OutputFormat.Bytes : OutputFormat.Lines;
        bool nonZeroIsError = ErrorOnNonZeroExit || LanguagePrimitives.IsTrue(GetVariableValue("PSNativeCommandUseErrorActionPreference"));
        _options = new(form, StandardError) { Prefix = Prefix, Limit = OutputLimit, NonZeroIsError = nonZeroIsError };
        _pump = new(this, ThrottleLimit);
        _follower = new(_pump, _options, SetExitCode);
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

    /// <summary>Starts a command, or queues it until the limit allows it or the job starts.</summary>
    /// <param name="target">Where.</param>
    /// <param name="request">What.</param>
    /// <param name="input">What it reads, when that comes from the pipeline.</param>
    internal void Start(SandboxTarget target, ExecRequest request, CommandInput? input)
    {
        if (IsJob)
        {
            // What Receive-Job does with errors is said there; only that the first ends the command must be known here.
            bool stopsAtError = MyInvocation.BoundParameters.TryGetValue("ErrorAction", out object? action) && action is ActionPreference.Stop;
            _children.Add(new(ModuleState, target, request, input, _options, stopsAtError));
            return;
        }

        RemoteCommand run = new(target, request, input);
        _pump!.Start(token => _follower.FollowAsync(run, token));
    }

    /// <summary>The way of input from the pipeline to the commands that are begun.</summary>
    private protected StandardInput OpenInput() => IsJob ? _collected = new BufferedInput() : new StreamingInput(AwaitInput, StopToken);

    /// <summary>Returns what is there, without waiting.</summary>
    private protected void EmitReady() => _pump!.DrainReady();

    /// <summary>Returns everything, until all commands have ended; or the job that is to run them.</summary>
    private protected void EmitAll()
    {
        _pump!.DrainAll();
        if (_children.Count > 0)
        {
            SandboxJob job = new(JobName, _children, ThrottleLimit, _collected);
            SandboxJobSourceAdapter.Register(job, JobManager);
            job.StartJob();
            WriteObject(job);
        }
    }

    private void SetExitCode(ExecExit exit)
    {
        // With several commands, report the first failure.
        _exitCode = _exitCode is null or 0 ? exit.ExitCode : _exitCode;
        SessionState.PSVariable.Set("global:LASTEXITCODE", _exitCode);
    }

    private void AwaitInput(Task sending)
    {
        _pump!.DrainUntil(sending);
        if (sending.Exception?.InnerException is { } failure)
        {
            // Stop the command: it must not continue with incomplete input.
            ThrowTerminatingError(Errors.InputFailed(failure));
        }
    }
}
