namespace Sandbox.Agent.Commands;

/// <summary>The readers of an <see cref="OutputLog"/>, which decide how far its writer may be ahead. The log's lock guards it.</summary>
/// <param name="onReturnLimit">Called when a disconnected reader did not come back in time.</param>
internal sealed class LogReaders(Action onReturnLimit) : IDisposable
{
    /// <summary>How long a disconnected reader still counts.</summary>
    public static readonly TimeSpan ReturnLimit = TimeSpan.FromSeconds(30);

    private readonly List<OutputLogReader> _readers = [];
    private Timer? _departure;
    private long? _departed;

    public bool Any => _readers.Count > 0;

    /// <summary>The position of the slowest reader; null when there is none.</summary>
    public long? Slowest
    {
        get
        {
            long? slowest = _departed;
            foreach (OutputLogReader reader in _readers)
            {
                slowest = Math.Min(slowest ?? long.MaxValue, reader.Position);
            }

            return slowest;
        }
    }

    public void Add(OutputLogReader reader) => _readers.Add(reader);

    public void Remove(OutputLogReader reader, bool mayReturn)
    {
        _readers.Remove(reader);
        if (mayReturn)
        {
            _departed = Math.Min(_departed ?? long.MaxValue, reader.Position);
            _departure?.Dispose();
            _departure = new Timer(_ => onReturnLimit(), null, ReturnLimit, Timeout.InfiniteTimeSpan);
        }
    }

    public void ForgetDeparted()
    {
        _departed = null;
        _departure?.Dispose();
        _departure = null;
    }

    /// <inheritdoc />
    public void Dispose() => ForgetDeparted();
}
