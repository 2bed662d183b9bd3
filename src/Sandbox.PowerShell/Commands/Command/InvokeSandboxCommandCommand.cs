using System.Collections;
using System.Management.Automation;
using Sandbox.Protocol;

namespace Sandbox.Commands;

/// <summary>Runs a command in sessions or sandboxes and streams its output, or returns a job.</summary>
[Cmdlet(VerbsLifecycle.Invoke, "SandboxCommand", SupportsShouldProcess = true, DefaultParameterSetName = "Command")]
[OutputType(typeof(string), typeof(byte[]), typeof(SandboxCommandResult), typeof(SandboxJob))]
public sealed class InvokeSandboxCommandCommand : FollowingCommandBase
{
    private StandardInput? _input;
    private ExecRequest _request = null!;
    private bool _inputIsExpected;
    private bool _inputIsBad;
    private bool _targetIsPiped;

    /// <summary>Text for the sandbox's shell. Line ends of Windows become those of Linux.</summary>
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = "Command", HelpMessage = "A command line for the shell of the sandbox.")]
    [ValidateNotNullOrEmpty]
    public string Command { get; set; } = "";

    /// <summary>The program to run, without a shell.</summary>
    [Parameter(Mandatory = true, ParameterSetName = "Program", HelpMessage = "The program to run.")]
    [ValidateNotNullOrEmpty]
    public string FilePath { get; set; } = "";

    /// <summary>The program's arguments, taken literally.</summary>
    [Parameter(ParameterSetName = "Program", HelpMessage = "The arguments of the program, passed literally.")]
    [ValidateNotNull]
    [AllowEmptyCollection]
    [AllowEmptyString]
    [Alias("Args")]
    public string[] ArgumentList { get; set; } = [];

    /// <summary>The sessions: objects, ids, or <c>sandbox/session</c>.</summary>
    [Parameter(HelpMessage = "Sessions: objects or ids.")]
    [ReferenceTransformation<SessionReference>]
    [ArgumentCompleter(typeof(SessionCompleter))]
    [ValidateNotNullOrEmpty]
    public SessionReference[]? Session { get; set; }

    /// <summary>The sandboxes: objects or ids. Left out, it is the sandbox <c>default</c>, which is made on first use.</summary>
    [Parameter(HelpMessage = "Sandboxes: objects or ids.")]
    [ReferenceTransformation<SandboxReference>]
    [ArgumentCompleter(typeof(SandboxCompleter))]
    [ValidateNotNullOrEmpty]
    public SandboxReference[]? Sandbox { get; set; }

    /// <summary>Sandboxes or sessions to run in; or strings (one line each), bytes and streams as standard input.</summary>
    [Parameter(ValueFromPipeline = true, HelpMessage = "Sessions or sandboxes to run in, or the standard input of the command.")]
    public object? InputObject { get; set; }

    /// <summary>The working directory of this command, relative to that of the session. It must exist.</summary>
    [Parameter(HelpMessage = "The working directory of this command.")]
    [ValidateNotNullOrEmpty]
    public string? WorkingDirectory { get; set; }

    /// <summary>Variables of this command alone. A SecureString is sent as a secret; null unsets.</summary>
    [Parameter(HelpMessage = "Environment variables of this command.")]
    [ValidateNotNull]
    public IDictionary? Environment { get; set; }

    /// <summary>Seconds, or a TimeSpan, after which the command is stopped, counted from its start. Default: the limit of the session.</summary>
    [Parameter(HelpMessage = "Timeout of the command in seconds, or a TimeSpan.")]
    [SecondsTransformation]
    [ValidateRange(Seconds.Shortest, Seconds.Longest)]
    [Alias("TimeoutSec")]
    public double? TimeoutSeconds { get; set; }

    private bool TargetIsNamed => Session is not null || Sandbox is not null;

    /// <inheritdoc />
    protected override void BeginProcessing()
    {
        base.BeginProcessing();
        EnvironmentMap environment = ReadEnvironment(Environment);
        bool isText = ParameterSetName == "Command";
        _request = new()
        {
            Command = isText ? CommandText.Normalize(Command) : null,
            Argv = isText ? null : [FilePath, .. ArgumentList],
            Cwd = WorkingDirectory,
            Env = environment.Plain,
            SecretEnv = environment.Secret,
            TimeoutMs = Seconds.ToMilliseconds(TimeoutSeconds),
        };
        _inputIsExpected = MyInvocation.ExpectingInput || MyInvocation.BoundParameters.ContainsKey(nameof(InputObject));
    }

    /// <inheritdoc />
    protected override void ProcessRecord()
    {
        if (!_inputIsExpected)
        {
            return;
        }

        if (InputObject is null || !TryTake(InputObject))
        {
            _inputIsBad = true;
            ErrorRecord error = Errors.BadInput(InputObject);
            if (_input is not null)
            {
                // Stop the command: it must not continue with incomplete input.
                ThrowTerminatingError(error);
            }

            WriteError(error);
        }

        EmitReady();
    }

    /// <inheritdoc />
    protected override void EndProcessing()
    {
        _input?.Finish();

        // An empty pipeline runs nothing, unless it is known where; then there is nothing to read.
        bool isWanted = TargetIsNamed || !_inputIsExpected;
        if (isWanted && _input is null && !_targetIsPiped && !_inputIsBad)
        {
            foreach (SandboxTarget target in this.Resolve(Session, Sandbox))
            {
                StartIn(target, null);
            }
        }

        EmitAll();
    }

    private bool TryTake(object value)
    {
        bool isTarget = PipelineTarget.IsTarget(value);
        if (isTarget ? _input is not null : _targetIsPiped)
        {
            ThrowTerminatingError(Errors.InvalidArgument(
                "The pipeline contains both input text and sandboxes or sessions to run in. Specify the latter with -Session or -Sandbox.", null));
        }

        if (!isTarget)
        {
            if (!_inputIsBad)
            {
                (_input ??= StartReaders()).Add(value);
            }
        }
        else if (this.ResolvePiped(value) is { } targets)
        {
            StartInPiped(targets);
        }
        else
        {
            return false;
        }

        return true;
    }

    private StandardInput StartReaders()
    {
        StandardInput input = OpenInput();
        foreach (SandboxTarget target in this.Resolve(Session, Sandbox))
        {
            StartIn(target, input.Open);
        }

        return input;
    }

    private void StartInPiped(IEnumerable<SandboxTarget> targets)
    {
        _targetIsPiped = true;
        foreach (SandboxTarget target in targets)
        {
            if (TargetIsNamed)
            {
                ThrowTerminatingError(Errors.TargetGivenTwice(target.ToString()));
            }

            StartIn(target, null);
        }
    }

    private void StartIn(SandboxTarget target, Func<CommandInput>? input)
    {
        if (ShouldProcess(target.ToString(), $"Run '{RemoteCommand.TextOf(_request)}'"))
        {
            Start(target, _request, input?.Invoke());
        }
    }
}
