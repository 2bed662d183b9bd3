namespace Sandbox.Agent.Terminals;

/// <summary>The last output of a terminal, by its offset from the beginning. One thread appends, any number read.</summary>
internal sealed class TerminalOutput
{
    public const int Capacity = 256 * 1024;

    private readonly Lock _gate = new();
    private readonly byte[] _ring = new byte[Capacity];
    private TaskCompletionSource? _changed;
    private long _end;
    private bool _ended;

    /// <summary>The offset of the oldest byte that is kept.</summary>
    public long Start => Math.Max(0, End - Capacity);

    /// <summary>The offset of the next byte.</summary>
    public long End => Interlocked.Read(ref _end);

    /// <summary>Appends bytes, replacing the oldest.</summary>
    /// <param name="bytes">At most <see cref="Capacity"/>.</param>
    public void Append(ReadOnlySpan<byte> bytes)
    {
        TaskCompletionSource? waiting;
        lock (_gate)
        {
            int at = (int)(_end % Capacity);
            int first = Math.Min(bytes.Length, Capacity - at);
            bytes[..first].CopyTo(_ring.AsSpan(at));
            bytes[first..].CopyTo(_ring);
            Interlocked.Add(ref _end, bytes.Length);
            waiting = Interlocked.Exchange(ref _changed, null);
        }

        waiting?.SetResult();
    }

    /// <summary>Marks the end of the output.</summary>
    public void Finish()
    {
        lock (_gate)
        {
            _ended = true;
        }

        Interlocked.Exchange(ref _changed, null)?.SetResult();
    }

    /// <summary>Reads from an offset on.</summary>
    public int Read(ref long position, Span<byte> buffer)
    {
        lock (_gate)
        {
            position = Math.Max(position, Start);
            int count = (int)Math.Min(buffer.Length, _end - position);
            int at = (int)(position % Capacity);
            int first = Math.Min(count, Capacity - at);
            _ring.AsSpan(at, first).CopyTo(buffer);
            _ring.AsSpan(0, count - first).CopyTo(buffer[first..]);
            return count;
        }
    }

    /// <summary>Completes when there is more after an offset; false at the end.</summary>
    public async ValueTask<bool> WaitAsync(long position, CancellationToken cancellationToken)
    {
        while (true)
        {
            Task change;
            lock (_gate)
            {
                if (position < _end)
                {
                    return true;
                }

                if (_ended)
                {
                    return false;
                }

                change = (_changed ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
            }

            await change.WaitAsync(cancellationToken);
        }
    }
}
