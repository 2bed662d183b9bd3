namespace Sandbox.Agent.Commands;

/// <summary>One reader of a <see cref="CommandJournal"/>, which follows it to its end. While it lives, the command is held back when it is a full bound ahead.</summary>
internal sealed class JournalFollower(CommandJournal journal) : IDisposable
{
    private long position;

    /// <summary>The first byte it has not passed.</summary>
    public long Position => Volatile.Read(ref position);

    /// <summary>Completes when there is something to read; false when the journal is read to its end.</summary>
    /// <param name="cancellation">Ends the wait.</param>
    public ValueTask<bool> WaitAsync(CancellationToken cancellation) => journal.WaitAsync(position, cancellation);

    /// <summary>Reads ahead without moving.</summary>
    /// <param name="buffer">Where to; at least a largest frame.</param>
    public int Peek(Span<byte> buffer) => journal.Read(position, buffer);

    /// <summary>Moves past whole frames that have been dealt with.</summary>
    /// <param name="count">Their length.</param>
    public void Advance(int count)
    {
        Volatile.Write(ref position, position + count);
        journal.Moved();
    }

    /// <inheritdoc/>
    public void Dispose() => journal.Remove(this);
}
