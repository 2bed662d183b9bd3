using Sandbox.Client;

namespace Sandbox;

/// <summary>The last lines of what passes by, of both streams together.</summary>
/// <param name="count">How many are kept.</param>
internal sealed class LastLines(int count)
{
    private const int Shown = 10;

    private readonly Queue<string> _lines = new();

    /// <summary>The lines, oldest first.</summary>
    public IReadOnlyCollection<string> Lines => _lines;

    /// <summary>What a process printed last, of what is kept now.</summary>
    /// <param name="process">The process.</param>
    /// <param name="cancellationToken">Cancels reading.</param>
    public static async Task<IReadOnlyCollection<string>> ReadAsync(ProcessTarget process, CancellationToken cancellationToken)
    {
        LastLines last = new(Shown);
        OutputLines lines = new((_, line) => last.Add(line));
        using CommandReader reader = await process.Client.ReadOutputAsync(process.SandboxId, process.Id, default, follow: false, cancellationToken);
        await foreach (CommandEvent current in reader.ReadAsync(cancellationToken))
        {
            lines.Add(current);
        }

        lines.Finish();
        return last.Lines;
    }

    /// <summary>Adds a line.</summary>
    /// <param name="line">The line.</param>
    public void Add(string line)
    {
        _lines.Enqueue(line);
        if (_lines.Count > count)
        {
            _lines.Dequeue();
        }
    }
}
