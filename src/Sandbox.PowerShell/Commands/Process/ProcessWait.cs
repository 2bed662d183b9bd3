using System.Management.Automation;
using System.Text.RegularExpressions;
using Sandbox.Client;
using Sandbox.Protocol;

namespace Sandbox;

/// <summary>The result of a wait for a process.</summary>
/// <param name="Process">The process then.</param>
/// <param name="IsFulfilled">Whether the condition was met.</param>
/// <param name="HasTimedOut">Whether the wait timed out.</param>
/// <param name="LastLines">The last it printed, where it ended before that.</param>
internal sealed record ProcessWait(SandboxProcess Process, bool IsFulfilled, bool HasTimedOut, IReadOnlyCollection<string> LastLines)
{
    private const int ShownLines = 10;

    /// <summary>Waits until a process has ended or serves a port.</summary>
    /// <param name="process">The process.</param>
    /// <param name="port">The port; null for the end.</param>
    /// <param name="limit">For how long.</param>
    public static async Task<ProcessWait> WaitAsync(ProcessHandle process, PortCondition? port, TimeSpan limit, CancellationToken cancellationToken)
    {
        WaitAnswer answer = await process.WaitAsync(port, limit, wake: true, cancellationToken);
        bool isFulfilled = answer.Outcome == (port is null ? WaitOutcomes.Exited : WaitOutcomes.Ready);
        bool hasTimedOut = answer.Outcome == WaitOutcomes.TimedOut;
        LastLines last = new(ShownLines);
        if (!isFulfilled && !hasTimedOut)
        {
            await ReadAsync(process, follow: false, last, _ => false, cancellationToken);
        }

        return new(new SandboxProcess(answer.Process, process.Sandbox), isFulfilled, hasTimedOut, last.Lines);
    }

    /// <summary>Waits until a process prints a line that matches; all it printed before counts too.</summary>
    /// <param name="process">The process.</param>
    /// <param name="pattern">The pattern.</param>
    /// <param name="limit">For how long.</param>
    public static async Task<ProcessWait> WaitAsync(ProcessHandle process, Regex pattern, TimeSpan limit, CancellationToken cancellationToken)
    {
        using CancellationTokenSource over = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        over.CancelAfter(limit);
        LastLines last = new(ShownLines);
        string? matched = null;
        bool hasTimedOut = false;
        try
        {
            await ReadAsync(process, follow: true, last, line => (matched ??= pattern.IsMatch(line) ? line : null) is not null, over.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            hasTimedOut = true;
        }
        catch (ApiException e) when (e.Code is ErrorCodes.ProcessLost or ErrorCodes.SessionClosed)
        {
            // An expected way to end.
        }

        ProcessInfo info = await process.GetAsync(cancellationToken);
        SandboxProcess found = new(info, process.Sandbox, matched);
        return new(found, matched is not null, hasTimedOut && matched is null, last.Lines);
    }

    /// <summary>The error that it did not happen; null when it did.</summary>
    /// <param name="awaited">The awaited condition.</param>
    /// <param name="seconds">For how long.</param>
    public ErrorRecord? ToError(string awaited, double? seconds) =>
        HasTimedOut ? Errors.WaitTimedOut(Process, awaited, seconds!.Value)
        : IsFulfilled ? null
        : Errors.ProcessEnded(Process, awaited, LastLines);

    // Reads the output until it ends or a line is the one that is looked for, and keeps the last lines of both streams together.
    private static async Task ReadAsync(ProcessHandle process, bool follow, LastLines last, Func<string, bool> isLast, CancellationToken cancellationToken)
    {
        bool isFound = false;
        LineSplitter lines = new((_, line) =>
        {
            last.Add(line);
            isFound = isLast(line);
        });
        using CommandReader reader = await process.ReadOutputAsync(default, follow, cancellationToken);
        await foreach (CommandEvent current in reader.ReadAsync(cancellationToken))
        {
            if (current is CommandOutput output)
            {
                lines.Add(output.Channel, output.Data.Span);
            }

            if (isFound)
            {
                return;
            }
        }

        lines.Finish();
    }
}
