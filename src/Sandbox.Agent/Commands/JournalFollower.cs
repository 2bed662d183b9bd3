using System.Buffers;
using Sandbox.Protocol;

namespace Sandbox.Agent.Commands;

/// <summary>One reader of a <see cref="CommandJournal"/>, from a place in the output to its end. While it lives, the command is held back when it is a full bound ahead.</summary>
internal sealed class JournalFollower : IDisposable
{
    private readonly CommandJournal journal;
    private readonly OutputCursor wanted;
    private readonly byte[] buffer = ArrayPool<byte>.Shared.Rent(2 * (CommandJournal.MaximumPayload + CommandFrame.HeaderLength));
    private LinkedListNode<JournalSegment>? segment;
    private OutputCursor passed;
    private long position;
    private int filled;
    private int taken;
    private bool positionDue;

    internal JournalFollower(CommandJournal journal, LinkedListNode<JournalSegment>? segment, OutputCursor wanted)
    {
        this.journal = journal;
        this.wanted = wanted;
        if (segment is not null)
        {
            Enter(segment);
        }
    }

    /// <summary>The first byte of the journal that it has not passed.</summary>
    public long Position => Volatile.Read(ref position);

    /// <summary>The place in the output behind what it has given.</summary>
    public OutputCursor Cursor => new(Math.Max(wanted.StandardOutput, passed.StandardOutput), Math.Max(wanted.StandardError, passed.StandardError));

    /// <summary>Completes when there is something to read; false when the journal has gone. Whoever waited goes on with the event loop's thread, and must not keep it.</summary>
    /// <param name="cancellation">Ends the wait.</param>
    public ValueTask<bool> WaitAsync(CancellationToken cancellation) => journal.WaitAsync(position + filled - taken, cancellation);

    /// <summary>Gives the next frame that is there, and the one that tells the end when all else is read.</summary>
    /// <param name="kind">Its kind.</param>
    /// <param name="payload">What it holds, until the next call.</param>
    public bool TryRead(out FrameKind kind, out ReadOnlySpan<byte> payload)
    {
        do
        {
            while (TryTake(out kind, out payload))
            {
                if (!payload.IsEmpty)
                {
                    return true;
                }
            }
        }
        while (Fill());

        (FrameKind Kind, byte[] Payload)? closing = journal.ClosingAt(position);
        kind = closing?.Kind ?? default;
        payload = closing?.Payload;
        return closing is not null;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        journal.Remove(this, segment?.Value);
        ArrayPool<byte>.Shared.Return(buffer);
    }

    /// <summary>The next frame of the buffer, empty where there is nothing to give of it.</summary>
    private bool TryTake(out FrameKind kind, out ReadOnlySpan<byte> payload)
    {
        if (positionDue)
        {
            positionDue = false;
            byte[] place = new byte[OutputCursor.Length];
            Cursor.Write(place);
            kind = FrameKind.Position;
            payload = place;
            return true;
        }

        ReadOnlySpan<byte> rest = buffer.AsSpan(taken, filled - taken);
        int before = rest.Length;
        if (!CommandFrame.TryRead(ref rest, out kind, out payload))
        {
            return false;
        }

        taken += before - rest.Length;
        Volatile.Write(ref position, position + before - rest.Length);
        journal.Moved();
        long unwanted = kind switch
        {
            FrameKind.StandardOutput => wanted.StandardOutput - passed.StandardOutput,
            FrameKind.StandardError => wanted.StandardError - passed.StandardError,

            // The end is told at the end: late output may follow it.
            _ => payload.Length,
        };
        passed = passed.Plus(kind, payload.Length);
        payload = payload[(int)Math.Clamp(unwanted, 0, payload.Length)..];
        return true;
    }

    /// <summary>Reads on; false when there is nothing more now.</summary>
    private bool Fill()
    {
        buffer.AsSpan(taken, filled - taken).CopyTo(buffer);
        filled -= taken;
        taken = 0;
        while (true)
        {
            long next = position + filled;
            int count = segment is null ? 0 : segment.Value.Read(next - segment.Value.Position, buffer.AsSpan(filled));
            if (count > 0)
            {
                filled += count;
                return true;
            }

            if (journal.MoveOn(segment, next) is not { } following)
            {
                return false;
            }

            Enter(following);
        }
    }

    private void Enter(LinkedListNode<JournalSegment> entered)
    {
        OutputCursor due = Cursor;
        segment = entered;
        if (entered.Value.Position != position)
        {
            Volatile.Write(ref position, entered.Value.Position);
        }

        passed = entered.Value.Start;

        // What lies between was not kept.
        positionDue = due != Cursor;
    }
}
