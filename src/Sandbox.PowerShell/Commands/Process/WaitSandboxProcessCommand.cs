using System.Diagnostics;
using System.Management.Automation;
using System.Text.RegularExpressions;
using Sandbox.Client;

namespace Sandbox.Commands;

/// <summary>Waits until processes exit, listen on a port or print a line. Cancelling the wait does not stop them.</summary>
[Cmdlet(VerbsLifecycle.Wait, "SandboxProcess", DefaultParameterSetName = "Process")]
[OutputType(typeof(SandboxProcess))]
public sealed class WaitSandboxProcessCommand : SandboxProcessCommandBase
{
    private const int HighestPort = ushort.MaxValue;

    private static readonly TimeSpan ProgressInterval = TimeSpan.FromMilliseconds(500);

    private readonly List<ProcessHandle> _targets = [];
    private Regex? _pattern;

    /// <summary>Waits until a program in the sandbox listens on this port, on IPv4 or IPv6.</summary>
    [Parameter(HelpMessage = "Waits until a program listens on this port.")]
    [ValidateRange(1, HighestPort)]
    public int Port { get; set; }

    /// <summary>With <c>-Port</c>: waits for an HTTP response on this path.</summary>
    [Parameter(HelpMessage = "With -Port: the HTTP path to request.")]
    [ValidatePattern("^/")]
    public string? HttpPath { get; set; }

    /// <summary>With <c>-Port</c>: the expected HTTP status code. Default: any from 200 to 399.</summary>
    [Parameter(HelpMessage = "With -Port: the expected HTTP status code.")]
    [ValidateRange(100, 599)]
    public int StatusCode { get; set; }

    /// <summary>Waits until the process prints a line that this regular expression matches, also one from before the wait. Case-sensitive.</summary>
    [Parameter(HelpMessage = "Waits for a line of output that matches this regular expression.")]
    [ValidateNotNullOrEmpty]
    public string? Pattern { get; set; }

    /// <summary>Seconds, or a TimeSpan, after which the wait fails with <c>WaitTimedOut</c>. Default: no limit.</summary>
    [Parameter(HelpMessage = "Timeout of the wait in seconds, or a TimeSpan.")]
    [SecondsTransformation]
    [ValidateRange(Seconds.Shortest, Seconds.Longest)]
    [Alias("TimeoutSec")]
    public double? TimeoutSeconds { get; set; }

    /// <summary>Waits for the first of several only, and emits that.</summary>
    [Parameter(HelpMessage = "Returns when the first process fulfils the condition.")]
    public SwitchParameter Any { get; set; }

    private string Awaited => _pattern is not null ? $"output that matches '{Pattern}'"
        : Port == 0 ? "its exit"
        : HttpPath is null && StatusCode == 0 ? $"port {Port}"
        : $"an HTTP response on port {Port}";

    /// <inheritdoc />
    protected override void BeginProcessing()
    {
        base.BeginProcessing();
        if (Port == 0 && (HttpPath is not null || StatusCode != 0))
        {
            ThrowTerminatingError(Errors.InvalidArgument("-HttpPath and -StatusCode require -Port.", null));
        }

        if (Port != 0 && Pattern is not null)
        {
            ThrowTerminatingError(Errors.InvalidArgument("-Port and -Pattern cannot be combined.", null));
        }

        try
        {
            _pattern = Pattern is null ? null : new(Pattern, RegexOptions.CultureInvariant);
        }
        catch (ArgumentException e)
        {
            ThrowTerminatingError(Errors.InvalidArgument($"'{Pattern}' is not a regular expression: {e.Message}", Pattern));
        }
    }

    /// <inheritdoc />
    protected override void ProcessRecord() => _targets.AddRange(FindTargets(_ => true));

    /// <inheritdoc />
    protected override void EndProcessing()
    {
        using CancellationTokenSource over = CancellationTokenSource.CreateLinkedTokenSource(StopToken);
        ProgressRecord progress = new(GetHashCode(), "Waiting for processes", $"Waiting for {Awaited}");
        long begin = Stopwatch.GetTimestamp();
        Dictionary<Task<ProcessWait>, ProcessHandle> waits = _targets.ToDictionary(target => WaitAsync(target, over.Token));
        try
        {
            while (waits.Count > 0)
            {
                Task<ProcessWait>? ended = Wait(token => FirstAsync(waits.Keys, token));
                if (ended is null)
                {
                    progress.CurrentOperation = $"{string.Join(", ", waits.Values)}, for {Stopwatch.GetElapsedTime(begin):mm\\:ss}";
                    WriteProgress(progress);
                    continue;
                }

                waits.Remove(ended, out ProcessHandle? target);
                if (TryInvoke(target!.ToString(), _ => ended, out ProcessWait? wait))
                {
                    Emit(wait);
                    if (Any)
                    {
                        break;
                    }
                }
            }
        }
        finally
        {
            over.Cancel();
            progress.RecordType = ProgressRecordType.Completed;
            if (progress.CurrentOperation is not null)
            {
                WriteProgress(progress);
            }
        }
    }

    private static async Task<Task<ProcessWait>?> FirstAsync(IEnumerable<Task<ProcessWait>> waits, CancellationToken cancellationToken)
    {
        try
        {
            return await Task.WhenAny(waits).WaitAsync(ProgressInterval, cancellationToken);
        }
        catch (TimeoutException)
        {
            return null;
        }
    }

    private Task<ProcessWait> WaitAsync(ProcessHandle target, CancellationToken cancellationToken)
    {
        TimeSpan limit = Seconds.ToLimit(TimeoutSeconds);
        return _pattern is not null
            ? ProcessWait.WaitAsync(target, _pattern, limit, cancellationToken)
            : ProcessWait.WaitAsync(
                target, Port == 0 ? null : new PortCondition(Port, HttpPath, StatusCode == 0 ? null : StatusCode), limit, cancellationToken);
    }

    private void Emit(ProcessWait wait)
    {
        WriteObject(wait.Process);
        if (wait.ToError(Awaited, TimeoutSeconds) is { } failure)
        {
            WriteError(failure);
        }
    }
}
