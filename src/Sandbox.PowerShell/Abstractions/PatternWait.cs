using System.Text.RegularExpressions;
using Sandbox.Client;
using Sandbox.Protocol;

namespace Sandbox;

/// <summary>Waits until a process prints a line that matches; all it printed before counts too.</summary>
/// <param name="target">The process.</param>
/// <param name="pattern">The pattern.</param>
internal sealed class PatternWait(ProcessTarget target, Regex pattern)
{
    private const int ShownLines = 10;

    private readonly LastLines _last = new(ShownLines);
    private string? _matched;

    /// <summary>Waits.</summary>
    /// <param name="limit">For how long.</param>
    /// <param name="cancellationToken">Cancels the request.</param>
    public async Task<ProcessWait> WaitAsync(TimeSpan limit, CancellationToken cancellationToken)
    {
        using CancellationTokenSource over = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        over.CancelAfter(limit);
        bool hasTimedOut = false;
        try
        {
            await ReadAsync(over.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            hasTimedOut = true;
        }
        catch (ApiException e) when (e.Code is ErrorCodes.ProcessLost or ErrorCodes.SessionClosed)
        {
            // An expected way to end.
        }

        ProcessInfo info = await target.Client.GetProcessAsync(target.SandboxId, target.Id, cancellationToken);
        return new(target.ToObject(info, _matched), _matched is not null, hasTimedOut && _matched is null, _last.Lines);
    }

    private async Task ReadAsync(CancellationToken cancellationToken)
    {
        OutputLines lines = new((_, line) => Look(line));
        using CommandReader reader = await target.Client.ReadOutputAsync(target.SandboxId, target.Id, default, follow: true, cancellationToken);
        await foreach (CommandEvent current in reader.ReadAsync(cancellationToken))
        {
            lines.Add(current);
            if (_matched is not null)
            {
                return;
            }
        }

        lines.Finish();
    }

    private void Look(string line)
    {
        _last.Add(line);
        if (_matched is null && pattern.IsMatch(line))
        {
            _matched = line;
        }
    }
}
