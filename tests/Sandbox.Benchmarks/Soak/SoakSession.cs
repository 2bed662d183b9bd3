using Sandbox.Client;
using Sandbox.Protocol;

namespace Sandbox.Benchmarks.Soak;

/// <summary>One session of the soak test: runs commands one after the other and compares results with what is expected.</summary>
/// <param name="number">The number of the session.</param>
/// <param name="steady">A client with stable connections.</param>
/// <param name="breaking">A client with connections that break.</param>
/// <param name="random">The random numbers.</param>
/// <param name="tally">Counts the results.</param>
internal sealed class SoakSession(int number, string sandbox, SandboxClient steady, SandboxClient breaking, Random random, SoakTally tally)
{
    // The time limits of commands are far shorter: a longer wait means that something hangs.
    private static readonly TimeSpan StepTimeout = TimeSpan.FromSeconds(60);

    private readonly SoakScript _script = new(random);
    private int _generation;
    private int _step;

    private string Session => $"s{number}-{_generation}";

    /// <summary>Runs commands until cancelled; the current command is still completed.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        await CreateAsync();
        while (!cancellationToken.IsCancellationRequested)
        {
            SoakStep next = _script.Next();
            _step++;
            try
            {
                string? fault = await TryAsync(next);
                tally.Count(next.Kind, fault is null ? null : $"session {number}, step {_step}, {next.Kind}: {fault}");
            }
            catch (Exception e)
            {
                tally.Count(next.Kind, $"session {number}, step {_step}, {next.Kind}: {e.GetType().Name}: {e.Message}");
            }

            if (random.Next(200) == 0)
            {
                // Together with its background processes.
                await RemoveAsync();
                _generation++;
                _script.Reset();
                await CreateAsync();
            }
        }

        await RemoveAsync();
    }

    private Task CreateAsync() => steady.Sandbox(sandbox).CreateSessionAsync(new() { Id = Session }, CancellationToken.None);

    private Task RemoveAsync() => steady.Sandbox(sandbox).Session(Session).RemoveSessionAsync(CancellationToken.None);

    private async Task<string?> TryAsync(SoakStep next)
    {
        using CancellationTokenSource limit = new(StepTimeout);
        string id = Identifier.Generate();
        using MemoryStream output = new(), error = new();
        SandboxClient client = random.Next(2) == 0 ? steady : breaking;
        Task extra = Task.CompletedTask;
        bool begun = false;
        ExecExit exit;
        try
        {
            exit = await FollowAsync(client, id, next, output, error, Begin, limit.Token);
            await extra;
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested)
        {
            return $"it hangs; {output.Length} of {next.Output.Length} bytes came";
        }

        return Compare(next, output.ToArray(), error.ToArray(), exit);

        void Begin()
        {
            extra = begun ? extra : StopOrFeedAsync(id, next, limit.Token);
            begun = true;
        }
    }

    /// <summary>Reads the output of a command. The client resumes broken connections.</summary>
    /// <param name="onBegun">Called, perhaps repeatedly, when it is time to stop the command or send its input.</param>
    private async Task<ExecExit> FollowAsync(
        SandboxClient client, string id, SoakStep next, MemoryStream output, MemoryStream error, Action onBegun, CancellationToken cancellationToken)
    {
        using CommandReader reader = await client.Sandbox(sandbox).Session(Session).Process(id).ExecAsync(next.Request, cancellationToken);
        if (next.Input is not null)
        {
            onBegun();
        }

        await foreach (CommandEvent current in reader.ReadAsync(cancellationToken))
        {
            if (current is CommandExit end)
            {
                return end.Exit;
            }

            if (current is not CommandOutput bytes)
            {
                throw new InvalidOperationException($"{current.GetType().Name} came, though all output is kept.");
            }

            (bytes.Channel == OutputChannel.Output ? output : error).Write(bytes.Data.Span);
            if (output.Length >= next.Output.Length)
            {
                onBegun();
            }
        }

        throw new InvalidOperationException("The command's stream ended without an end.");
    }

    private async Task StopOrFeedAsync(string id, SoakStep next, CancellationToken cancellationToken)
    {
        if (next.Input is { } input)
        {
            await steady.Sandbox(sandbox).Process(id).SendInputAsync(async (stream, token) => await stream.WriteAsync(input, token), cancellationToken);
        }
        else if (next.Ending == Ending.Cancel)
        {
            await steady.Sandbox(sandbox).Process(id).SignalAsync("INT", cancellationToken);
        }
    }

    private static string? Compare(SoakStep next, byte[] output, byte[] error, ExecExit exit)
    {
        // A command that was stopped early may not have printed its text.
        bool isCut = next.Ending == Ending.TimeLimit && output.Length == 0;
        return !isCut && !output.AsSpan().SequenceEqual(next.Output) ? Differs("output", next.Output, output)
            : !error.AsSpan().SequenceEqual(next.Error) ? Differs("error output", next.Error, error)
            : exit.TimedOut != (next.Ending == Ending.TimeLimit) ? $"timedOut is {exit.TimedOut}"
            : exit.Cancelled != (next.Ending == Ending.Cancel) ? $"cancelled is {exit.Cancelled}"
            : exit.ShellRestarted != next.EndsShell ? $"shellRestarted is {exit.ShellRestarted}"
            : next.ExitCode is { } code && exit.ExitCode != code ? $"the exit code is {exit.ExitCode}, not {code}"
            : null;
    }

    private static string Differs(string what, byte[] expected, byte[] actual) =>
        $"its {what} has {actual.Length} bytes for {expected.Length}, the same up to {expected.AsSpan().CommonPrefixLength(actual)}";
}
