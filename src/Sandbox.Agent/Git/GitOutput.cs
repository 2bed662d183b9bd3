using System.Globalization;
using System.Text;
using Sandbox.Protocol;

namespace Sandbox.Agent.Git;

/// <summary>Parses git's messages: reports progress and keeps the last lines of everything else.</summary>
internal sealed class GitOutput(Action<CheckoutProgress> onProgress)
{
    private const int KeptLines = 50;
    private const int MaximumLine = 4096;

    private readonly List<byte> _line = [];
    private readonly Queue<string> _lines = new();

    /// <summary>The last lines that were not progress, oldest first.</summary>
    public IReadOnlyCollection<string> Lines => _lines;

    public void Add(ReadOnlySpan<byte> bytes)
    {
        foreach (byte single in bytes)
        {
            if (single is (byte)'\n' or (byte)'\r')
            {
                Finish();
            }
            else if (_line.Count < MaximumLine)
            {
                _line.Add(single);
            }
        }
    }

    /// <summary>Parses the rest at the end of the output.</summary>
    public void Finish()
    {
        string text = Encoding.UTF8.GetString(_line.ToArray()).Trim();
        _line.Clear();
        if (text.Length == 0)
        {
            return;
        }

        if (ReadProgress(text) is { } progress)
        {
            onProgress(progress);
            return;
        }

        _lines.Enqueue(text);
        if (_lines.Count > KeptLines)
        {
            _lines.Dequeue();
        }
    }

    // "remote: Counting objects:  42% (3/7)", "Receiving objects: 100% (7/7), 1.20 MiB | 3.00 MiB/s, done."
    private static CheckoutProgress? ReadProgress(string text)
    {
        const string remote = "remote: ";
        ReadOnlySpan<char> rest = text.StartsWith(remote, StringComparison.Ordinal) ? text.AsSpan(remote.Length) : text;
        int colon = rest.IndexOf(':'), percent = rest.IndexOf("% (");
        return colon > 0 && percent > colon
            && int.TryParse(rest[(colon + 1)..percent], NumberStyles.AllowLeadingWhite, CultureInfo.InvariantCulture, out int done)
            ? new CheckoutProgress(rest[..colon].ToString(), done)
            : null;
    }
}
