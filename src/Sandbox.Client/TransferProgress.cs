namespace Sandbox.Client;

/// <summary>How far a transfer got. Any thread may read it while another writes.</summary>
public sealed class TransferProgress
{
    private long _bytes;
    private long _files;

    /// <summary>How many bytes have gone over.</summary>
    public long Bytes => Interlocked.Read(ref _bytes);

    /// <summary>How many files.</summary>
    public long Files => Interlocked.Read(ref _files);

    /// <summary>How many bytes there are in all, when that is known.</summary>
    public long? TotalBytes { get; set; }

    /// <summary>What is transferred now.</summary>
    public string Current { get; set; } = "";

    /// <summary>Begins again.</summary>
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
