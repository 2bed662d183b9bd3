using System.Collections;
using System.Management.Automation;
using System.Text;
using Sandbox.Client;

namespace Sandbox.Commands;

/// <summary>Writes files of sandboxes. A file is replaced atomically.</summary>
[Cmdlet(VerbsCommon.Set, "SandboxContent", SupportsShouldProcess = true, DefaultParameterSetName = "Path")]
[OutputType(typeof(SandboxItem))]
public sealed class SetSandboxContentCommand : SandboxCommandBase
{
    private readonly SpooledBytes _content = new();
    private readonly List<SandboxTarget> _piped = [];
    private bool _valueIsNamed;

    /// <summary>The files in the sandbox.</summary>
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = "Path", HelpMessage = "Files in the sandbox.")]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(PathCompleter))]
    public string[]? Path { get; set; }

    /// <summary>The files, taken as they are: wildcards mean nothing.</summary>
    [Parameter(Mandatory = true, ParameterSetName = "LiteralPath", HelpMessage = "Files in the sandbox, without wildcards.")]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(PathCompleter))]
    public string[]? LiteralPath { get; set; }

    /// <summary>The content: strings, each written as a line, or bytes.</summary>
    [Parameter(Position = 1, HelpMessage = "The content to write.")]
    [AllowNull]
    [AllowEmptyString]
    [AllowEmptyCollection]
    public object? Value { get; set; }

    /// <summary>Sandboxes or sessions to write to; anything else is the content to write.</summary>
    [Parameter(ValueFromPipeline = true, HelpMessage = "Sandboxes or sessions to write to, or the content to write.")]
    [AllowNull]
    [AllowEmptyString]
    public object? InputObject { get; set; }

    /// <summary>The sessions: objects, ids, or <c>sandbox/session</c>. Relative paths start from their directories.</summary>
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

    /// <summary>The text's encoding: UTF-8 without a byte order mark when left out.</summary>
    [Parameter(HelpMessage = "The encoding of the text.")]
    [EncodingTransformation]
    [ArgumentCompleter(typeof(EncodingCompleter))]
    [ValidateNotNull]
    public Encoding? Encoding { get; set; }

    /// <summary>Writes bytes, byte arrays and streams unchanged.</summary>
    [Parameter(HelpMessage = "Writes bytes unchanged.")]
    public SwitchParameter AsByteStream { get; set; }

    /// <summary>Appends to an existing file.</summary>
    [Parameter(HelpMessage = "Appends to the file.")]
    public SwitchParameter Append { get; set; }

    /// <summary>Adds no line breaks.</summary>
    [Parameter(HelpMessage = "Adds no line breaks.")]
    public SwitchParameter NoNewline { get; set; }

    /// <summary>Reports an error instead of overwriting an existing file.</summary>
    [Parameter(HelpMessage = "Does not overwrite an existing file.")]
    public SwitchParameter NoClobber { get; set; }

    /// <summary>Creates missing parent directories.</summary>
    [Parameter(HelpMessage = "Creates missing parent directories.")]
    public SwitchParameter Force { get; set; }

    /// <summary>Returns the files.</summary>
    [Parameter(HelpMessage = "Returns the files.")]
    public SwitchParameter PassThru { get; set; }

    /// <inheritdoc />
    protected override void BeginProcessing()
    {
        if (AsByteStream && Encoding is not null)
        {
            ThrowTerminatingError(Errors.InvalidArgument("-AsByteStream and -Encoding cannot be combined: bytes have no encoding.", null));
        }

        if (Append && NoClobber)
        {
            ThrowTerminatingError(Errors.InvalidArgument("-Append and -NoClobber cannot be combined.", null));
        }

        _valueIsNamed = MyInvocation.BoundParameters.ContainsKey(nameof(Value));
        if (_valueIsNamed)
        {
            Add(Value);
        }
    }

    /// <inheritdoc />
    protected override void ProcessRecord()
    {
        if (!MyInvocation.ExpectingInput && !MyInvocation.BoundParameters.ContainsKey(nameof(InputObject)))
        {
            return;
        }

        if (InputObject is not null && PipelineTarget.IsTarget(InputObject))
        {
            AddPlace(InputObject);
        }
        else if (_valueIsNamed)
        {
            WriteError(Errors.BadInput(InputObject));
        }
        else
        {
            Add(InputObject);
        }
    }

    /// <inheritdoc />
    protected override void EndProcessing()
    {
        // The targets were to come from the pipeline, which is empty.
        bool placesWerePiped = _valueIsNamed && MyInvocation.ExpectingInput;
        IEnumerable<SandboxTarget> targets = placesWerePiped || _piped.Count > 0 ? _piped : this.Resolve(Session, Sandbox);
        ForEach(targets.ToArray().SelectMany(PathsIn), Append ? "Append content" : "Set content", async (remote, token) =>
        {
            await remote.WriteAsync(_content.Rewind(), new WriteOptions { Append = Append, IsNew = NoClobber, Parents = Force }, token);
            return PassThru ? await remote.ToItemAsync(token) : (object?)null;
        });
    }

    /// <inheritdoc />
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _content.Dispose();
        }

        base.Dispose(disposing);
    }

    private IEnumerable<RemotePath> PathsIn(SandboxTarget target)
    {
        if (LiteralPath is not null)
        {
            return LiteralPath.Select(path => new RemotePath(target, path));
        }

        return Path!.SelectMany(path => this.FindPaths(target, path, hidden: false, mustMatch: true).Select(found => found.Path));
    }

    private void AddPlace(object value)
    {
        if (Session is not null || Sandbox is not null)
        {
            ThrowTerminatingError(Errors.TargetGivenTwice(value));
        }

        if (!_valueIsNamed)
        {
            ThrowTerminatingError(Errors.InvalidArgument(
                "A sandbox or session came from the pipeline, but there is no content to write. Specify it with -Value.", value));
        }

        if (this.ResolvePiped(value) is { } targets)
        {
            _piped.AddRange(targets);
        }
        else
        {
            WriteError(Errors.BadInput(value));
        }
    }

    private void Add(object? value)
    {
        object? plain = value.UnwrapValue();
        switch (plain)
        {
            case null:
                break;
            case byte single when AsByteStream:
                _content.Add([single]);
                break;
            case byte[] many when AsByteStream:
                _content.Add(many);
                break;
            case Stream stream when AsByteStream:
                Copy(stream);
                break;
            case IEnumerable items and not string and not IDictionary:
                foreach (object? item in items)
                {
                    Add(item);
                }

                break;
            case var other when AsByteStream:
                ThrowTerminatingError(Errors.InvalidArgument($"-AsByteStream writes bytes, byte arrays and streams, not a {other.GetType().Name}.", other));
                break;
            case var other:
                string text = LanguagePrimitives.ConvertTo<string>(other);
                _content.Add(NoNewline ? text : text + "\n", Encoding, Append);
                break;
        }
    }

    private void Copy(Stream stream)
    {
        byte[] buffer = new byte[64 * 1024];
        for (int count; (count = stream.Read(buffer)) > 0;)
        {
            _content.Add(buffer.AsSpan(0, count));
        }
    }
}
