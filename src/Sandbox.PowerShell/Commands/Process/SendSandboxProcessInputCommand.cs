using System.Management.Automation;
using System.Text;
using Sandbox.Client;
using Sandbox.Protocol;

namespace Sandbox.Commands;

/// <summary>Writes to the standard input of a process started with <c>-OpenInput</c>: a string as a line, bytes unchanged. Single bytes from the pipeline
/// are sent together.</summary>
[Cmdlet(VerbsCommunications.Send, "SandboxProcessInput", SupportsShouldProcess = true)]
[OutputType(typeof(void))]
public sealed class SendSandboxProcessInputCommand : SandboxCommandBase
{
    private const int MaximumBatch = 64 * 1024;

    private readonly List<byte> _batch = [];
    private ProcessReference[] _batchProcess = [];

    // The processes, and whether any input was sent to them.
    private readonly Dictionary<ProcessHandle, bool> _processes = [];

    /// <summary>The input; an empty one only closes it.</summary>
    [Parameter(Position = 0, ValueFromPipeline = true, HelpMessage = "Strings, each written as a line, or bytes.")]
    [AllowEmptyString]
    [AllowEmptyCollection]
    [ValidateNotNull]
    public object? InputObject { get; set; }

    /// <summary>The processes: objects, ids, or <c>sandbox/process</c>.</summary>
    [Parameter(Mandatory = true, ValueFromPipeline = true, HelpMessage = "Processes: objects or ids.")]
    [ReferenceTransformation<ProcessReference>]
    [ArgumentCompleter(typeof(ProcessCompleter))]
    [ValidateNotNullOrEmpty]
    [Alias("Id")]
    public ProcessReference[] Process { get; set; } = [];

    /// <summary>The sandbox of a process that is named by its id alone.</summary>
    [Parameter(HelpMessage = "The sandbox: an object or an id.")]
    [ReferenceTransformation<SandboxReference>]
    [ArgumentCompleter(typeof(SandboxCompleter))]
    [ValidateNotNullOrEmpty]
    public SandboxReference[]? Sandbox { get; set; }

    /// <summary>Does not append a newline to strings.</summary>
    [Parameter(HelpMessage = "Does not append a newline to strings.")]
    public SwitchParameter NoNewline { get; set; }

    /// <summary>Closes standard input after writing.</summary>
    [Parameter(HelpMessage = "Closes standard input after writing.")]
    public SwitchParameter End { get; set; }

    /// <inheritdoc />
    protected override void ProcessRecord()
    {
        byte? single = InputObject.Unwrap() as byte?;
        if (single is null || _batch.Count == MaximumBatch || !ReferenceEquals(Process, _batchProcess))
        {
            SendBatch();
        }

        if (single is { } value)
        {
            _batch.Add(value);
            _batchProcess = Process;
        }
        else
        {
            Send(Process, Bytes(InputObject));
        }
    }

    private void SendBatch()
    {
        if (_batch.Count > 0)
        {
            Send(_batchProcess, [.. _batch]);
            _batch.Clear();
        }
    }

    private void Send(ProcessReference[] processes, byte[] bytes)
    {
        foreach (ProcessHandle process in this.FindProcessTargets(processes, Sandbox, found => !found.HasEnded))
        {
            if (!ShouldProcess(process.ToString(), $"Send {bytes.Length} bytes"))
            {
                continue;
            }

            if (bytes.Length == 0)
            {
                _processes.TryAdd(process, false);
            }
            else if (TryInvoke(process.ToString(), token => process.WriteInputAsync(bytes, false, token)))
            {
                _processes[process] = true;
            }
        }
    }

    /// <inheritdoc />
    protected override void EndProcessing()
    {
        SendBatch();
        if (!End)
        {
            return;
        }

        foreach ((ProcessHandle process, bool hasInput) in _processes)
        {
            TryInvoke(process.ToString(), token => EndInputAsync(process, hasInput, token));
        }
    }

    // A process may exit as soon as it has read its input; then there is no input to close.
    private static async Task EndInputAsync(ProcessHandle process, bool hasInput, CancellationToken cancellationToken)
    {
        try
        {
            await process.WriteInputAsync(ReadOnlyMemory<byte>.Empty, true, cancellationToken);
        }
        catch (ApiException e) when (hasInput && e.Code == ErrorCodes.ProcessEnded)
        {
        }
    }

    private byte[] Bytes(object? value) => value.Unwrap() switch
    {
        null => [],
        byte one => [one],
        byte[] many => many,
        object[] items => [.. items.SelectMany(Bytes)],
        var other => Encoding.UTF8.GetBytes(LanguagePrimitives.ConvertTo<string>(other) + (NoNewline ? "" : "\n")),
    };
}
