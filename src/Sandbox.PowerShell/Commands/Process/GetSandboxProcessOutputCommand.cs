using System.Management.Automation;
using Sandbox.Client;

namespace Sandbox.Commands;

/// <summary>Returns the output of processes and commands as lines, and optionally follows it.</summary>
[Cmdlet(VerbsCommon.Get, "SandboxProcessOutput", DefaultParameterSetName = "Process")]
[OutputType(typeof(string))]
public sealed class GetSandboxProcessOutputCommand : SandboxProcessCommandBase
{
    private PipelinePump? _pump;
    private OutputOptions _options = null!;

    /// <summary>Number of lines from the end.</summary>
    [Parameter(HelpMessage = "Number of lines from the end.")]
    [ValidateRange(0, int.MaxValue)]
    [Alias("Last")]
    public int? Tail { get; set; }

    /// <summary>Continues to return output until the process exits.</summary>
    [Parameter(HelpMessage = "Continues to return output until the process exits.")]
    [Alias("Follow")]
    public SwitchParameter Wait { get; set; }

    /// <summary>Which stream; both, in the order of arrival, when left out.</summary>
    [Parameter(HelpMessage = "The output stream to read.")]
    public OutputSelection Stream { get; set; } = OutputSelection.All;

    /// <summary>Returns the output of each process as one string, exactly.</summary>
    [Parameter(HelpMessage = "Returns the output as one string.")]
    public SwitchParameter Raw { get; set; }

    /// <inheritdoc />
    protected override void BeginProcessing()
    {
        base.BeginProcessing();
        if (Raw && (Wait || Tail is not null))
        {
            ThrowTerminatingError(Errors.InvalidArgument("-Raw cannot be combined with -Wait or -Tail.", null));
        }

        _options = new(Raw ? OutputFormat.Raw : OutputFormat.Lines, Stream == OutputSelection.Output ? StandardErrorAction.Null : StandardErrorAction.Output)
        {
            Limit = long.MaxValue,
            Tail = Tail,
        };
        _pump = new(this);
    }

    /// <inheritdoc />
    protected override void ProcessRecord()
    {
        foreach (ProcessHandle process in FindTargets(_ => true))
        {
            _pump!.Start(token => FollowAsync(process, token));
        }

        _pump!.DrainReady();
    }

    /// <inheritdoc />
    protected override void EndProcessing() => _pump!.DrainAll();

    /// <inheritdoc />
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _pump?.Dispose();
        }

        base.Dispose(disposing);
    }

    private Task FollowAsync(ProcessHandle process, CancellationToken cancellationToken)
    {
        OutputWriter output = OutputWriter.Create(_pump!, process, _options);
        return output.FollowAsync(async () =>
        {
            bool follow = Wait && Tail is null;
            using CommandReader reader = await process.ReadOutputAsync(default, follow, cancellationToken);
            if (await ReadAsync(reader, output, cancellationToken) && Wait)
            {
                await _pump!.PostAsync(output.EndTail);
                using CommandReader rest = await process.ReadOutputAsync(reader.Cursor, follow: true, cancellationToken);
                await ReadAsync(rest, output, cancellationToken);
            }

            await _pump!.PostAsync(() => output.Finish());
        });
    }

    /// <summary>Reads to the end; true when more may come.</summary>
    private async Task<bool> ReadAsync(CommandReader reader, OutputWriter output, CancellationToken cancellationToken)
    {
        bool hasMore = true;
        await foreach (CommandEvent current in reader.ReadAsync(cancellationToken))
        {
            hasMore = current is not CommandExit;
            if (Stream != OutputSelection.Error || current is not CommandOutput { Channel: OutputChannel.Output })
            {
                await _pump!.PostAsync(() => output.Write(current));
            }
        }

        return hasMore;
    }
}
