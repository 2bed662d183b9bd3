using System.Collections;
using System.Management.Automation;
using System.Text;
using Sandbox.Protocol;

namespace Sandbox.Commands;

/// <summary>Runs code in contexts, which keep its state, and streams output and results.</summary>
[Cmdlet(VerbsLifecycle.Invoke, "SandboxCode", SupportsShouldProcess = true, DefaultParameterSetName = "Code")]
[OutputType(typeof(string), typeof(SandboxCodeOutput), typeof(SandboxCodeResult))]
public sealed class InvokeSandboxCodeCommand : SandboxCommandBase
{
    private readonly StringBuilder _pipedCode = new();
    private CodeRunRequest _request = null!;
    private PipelinePump? _pump;
    private CodeOutputDispatcher? _follower;
    private bool _inputIsExpected;
    private bool _inputIsBad;
    private bool _codeIsPiped;
    private bool _placeIsPiped;

    /// <summary>The code. It may be piped instead.</summary>
    [Parameter(Position = 0, ParameterSetName = "Code", HelpMessage = "The code.")]
    [ValidateNotNullOrEmpty]
    public string? Code { get; set; }

    /// <summary>A local file that contains the code.</summary>
    [Parameter(Mandatory = true, ParameterSetName = "File", HelpMessage = "A local file that contains the code.")]
    [ValidateNotNullOrEmpty]
    public string FilePath { get; set; } = "";

    /// <summary>The language, or a Jupyter kernel's name. Left out, it is the context's, else what the file's name says, else <c>python</c>.</summary>
    [Parameter(HelpMessage = "The language, or a Jupyter kernel's name.")]
    [ArgumentCompleter(typeof(LanguageCompleter))]
    [ValidateNotNullOrEmpty]
    public string? Language { get; set; }

    /// <summary>The contexts: objects, ids, or <c>sandbox/context</c>. Left out, it is the language's default one.</summary>
    [Parameter(HelpMessage = "Contexts: objects or ids.")]
    [ReferenceTransformation<ContextReference>]
    [ArgumentCompleter(typeof(ContextCompleter))]
    [ValidateNotNullOrEmpty]
    public ContextReference[]? Context { get; set; }

    /// <summary>The sessions whose default contexts are meant: objects, ids, or <c>sandbox/session</c>.</summary>
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

    /// <summary>Contexts, sessions or sandboxes to run in; or strings, the lines of the code.</summary>
    [Parameter(ValueFromPipeline = true, HelpMessage = "Contexts, sessions or sandboxes to run in, or the code.")]
    public object? InputObject { get; set; }

    /// <summary>Variables of this run alone. A SecureString is sent as a secret; null unsets.</summary>
    [Parameter(HelpMessage = "Environment variables of this run.")]
    [ValidateNotNull]
    public IDictionary? Environment { get; set; }

    /// <summary>Seconds, or a TimeSpan, after which the code is interrupted, counted from its start. Default: the limit of the context.</summary>
    [Parameter(HelpMessage = "Timeout of the run in seconds, or a TimeSpan.")]
    [SecondsTransformation]
    [ValidateRange(Seconds.Shortest, Seconds.Longest)]
    [Alias("TimeoutSec")]
    public double? TimeoutSeconds { get; set; }

    /// <summary>A local directory for image results; created if it does not exist.</summary>
    [Parameter(HelpMessage = "A local directory for image results.")]
    [ValidateNotNullOrEmpty]
    public string? OutputDirectory { get; set; }

    /// <summary>Returns one object for each target: error, outputs, results, times.</summary>
    [Parameter(HelpMessage = "Returns one object with the error, output, results and times.")]
    public SwitchParameter AsResult { get; set; }

    /// <summary>Maximum number of contexts or sandboxes in which the code runs at once.</summary>
    [Parameter(HelpMessage = "Maximum number of sandboxes or sessions at once.")]
    [ValidateRange(1, int.MaxValue)]
    public int ThrottleLimit { get; set; } = 32;

    private bool PlaceIsNamed => Context is not null || Session is not null || Sandbox is not null;

    private bool CodeIsGiven => Code is not null || ParameterSetName == "File";

    /// <inheritdoc />
    protected override void BeginProcessing()
    {
        EnvironmentMap environment = ReadEnvironment(Environment);
        if (Context is not null && (Language is not null || Session is not null))
        {
            Refuse("-Context cannot be combined with -Language or -Session: the context already has both.");
        }

        _request = new()
        {
            Code = ParameterSetName == "File" ? ReadFile() : Code,
            Env = environment.Plain,
            SecretEnv = environment.Secret,
            TimeoutMs = Seconds.ToMilliseconds(TimeoutSeconds),
        };
        _pump = new(this, ThrottleLimit);
        _follower = new(_pump, AsResult, new ResultFiles(OutputDirectory is null ? null : GetUnresolvedProviderPathFromPSPath(OutputDirectory)));
        _inputIsExpected = MyInvocation.ExpectingInput || MyInvocation.BoundParameters.ContainsKey(nameof(InputObject));
        if (!CodeIsGiven && !_inputIsExpected)
        {
            Refuse("There is no code to run. Use -Code or -FilePath, or pipe the code.");
        }
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
            WriteError(Errors.BadInput(InputObject));
        }

        _pump!.DrainReady();
    }

    /// <inheritdoc />
    protected override void EndProcessing()
    {
        // An empty pipeline runs nothing, unless code and target are known. Incomplete code is not run.
        bool isWanted = _codeIsPiped || (CodeIsGiven && (PlaceIsNamed || !_inputIsExpected));
        if (isWanted && !_placeIsPiped && !_inputIsBad)
        {
            if (_codeIsPiped)
            {
                _request = _request with { Code = _pipedCode.ToString() };
            }

            StartInNamed();
        }

        _pump!.DrainAll();
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

    private bool TryTake(object value)
    {
        if (PipelineTarget.IsContext(value))
        {
            if (PipelineTarget.Read<ContextReference>(value) is not { } context)
            {
                return false;
            }

            StartInPiped(value, this.Search(context, null).Select(found => (found.Sandbox, (string?)context.Id)));
            return true;
        }

        if (PipelineTarget.IsTarget(value))
        {
            if (this.ResolvePiped(value) is not { } targets)
            {
                return false;
            }

            StartInPiped(value, targets.Select(target => (target, (string?)null)));
            return true;
        }

        if (CodeIsGiven || _placeIsPiped)
        {
            Refuse("The code was specified twice: by a parameter and by the pipeline. Specify it once.");
        }

        _codeIsPiped = true;
        _pipedCode.Append(LanguagePrimitives.ConvertTo<string>(value)).Append('\n');
        return true;
    }

    private void StartInPiped(object target, IEnumerable<(SandboxTarget Target, string? ContextId)> targets)
    {
        if (PlaceIsNamed)
        {
            ThrowTerminatingError(Errors.TargetGivenTwice(target.ToString() ?? ""));
        }

        if (!CodeIsGiven)
        {
            Refuse("The pipeline contains no code. Use -Code or -FilePath.");
        }

        _placeIsPiped = true;
        Start(targets);
    }

    private void StartInNamed() => Start(Context is null
        ? this.Resolve(Session, Sandbox).Select(target => (target, (string?)null))
        : Context.SelectMany(context => this.Search(context, Sandbox).Select(found => (found.Sandbox, (string?)context.Id))));

    private void Start(IEnumerable<(SandboxTarget Target, string? ContextId)> targets)
    {
        foreach ((SandboxTarget target, string? contextId) in targets)
        {
            string language = Language ?? LanguageOfFile() ?? "python";
            if (contextId is null
                ? ShouldProcess(target.ToString(), $"Run {language} code")
                : ShouldProcess($"{target.SandboxId}/{contextId}", "Run code"))
            {
                CodeInvocation run = new(target, contextId, language, _request);
                _pump!.Start(token => _follower!.FollowAsync(run, token));
            }
        }
    }

    private string ReadFile()
    {
        string path = GetUnresolvedProviderPathFromPSPath(FilePath);
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Refuse($"The file '{path}' cannot be read: {e.Message}");
            throw;
        }
    }

    private string? LanguageOfFile() => Path.GetExtension(FilePath) switch
    {
        ".js" or ".mjs" or ".cjs" => "javascript",
        ".ts" or ".mts" or ".cts" => "typescript",
        _ => null,
    };

    private void Refuse(string message) => ThrowTerminatingError(Errors.InvalidArgument(message, null));
}
