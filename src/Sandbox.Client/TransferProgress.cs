namespace Sandbox.Client;

/// <summary>Progress of a transfer. Thread-safe.</summary>
public sealed class TransferProgress
{
    private long _bytes;
    private long _files;

    /// <summary>The number of bytes transferred.</summary>
    public long Bytes => Interlocked.Read(ref _bytes);

    /// <summary>The number of files started.</summary>
    public long Files => Interlocked.Read(ref _files);

    /// <summary>The total number of bytes, if known.</summary>
    public long? TotalBytes { get; set; }

    /// <summary>The name of the current file.</summary>
    public string Current { get; set; } = "";

    /// <summary>Resets the counters for a new attempt.</summary>
    public void Restart()
    {
        Interlocked.Exchange(ref _bytes, 0);
        Interlocked.Exchange(ref _files, 0);
    }

    internal void Add(long bytes) => Interlocked.Add(ref _bytes, bytes);

    internal void Begin(string name)
    {
        Current = name;
        Interlocked.Increment(ref _files);
    }
}
