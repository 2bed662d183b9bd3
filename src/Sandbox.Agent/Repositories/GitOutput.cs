using System.Globalization;
using System.Text;
using Sandbox.Protocol;

namespace Sandbox.Agent.Repositories;

/// <summary>What git says, line by line: progress, which it writes over and over, and all else, of which the last is kept.</summary>
/// <param name="onProgress">Is told about progress.</param>
internal sealed class GitOutput(Action<CheckoutProgress> onProgress)
{
    private const int KeptLines = 50;
    private const int LongestLine = 4096;

    private readonly List<byte> line = [];
    private readonly Queue<string> lines = new();

    /// <summary>The lines that were no progress, oldest first.</summary>
    public IReadOnlyCollection<string> Lines => lines;

    /// <summary>Takes what was read.</summary>
    /// <param name="bytes">The bytes.</param>
    public void Add(ReadOnlySpan<byte> bytes)
    {
        foreach (byte single in bytes)
        {
            if (single is (byte)'\n' or (byte)'\r')
            {
                Finish();
            }
            else if (line.Count < LongestLine)
            {
                line.Add(single);
            }
        }
    }

    /// <summary>Takes what is left when nothing more comes.</summary>
    public void Finish()
    {
        string text = Encoding.UTF8.GetString(line.ToArray()).Trim();
        line.Clear();
        if (text.Length == 0)
        {
            return;
        }

        if (ReadProgress(text) is { } progress)
        {
            onProgress(progress);
            return;
        }

        lines.Enqueue(text);
        if (lines.Count > KeptLines)
        {
            lines.Dequeue();
        }
    }

    // "remote: Counting objects:  42% (3/7)", "Receiving objects: 100% (7/7), 1.20 MiB | 3.00 MiB/s, done."
    private static CheckoutProgress? ReadProgress(string text)
    {
        const string remote = "remote: ";
        ReadOnlySpan<char> rest = text.StartsWith(remote, StringComparison.Ordinal) ? text.AsSpan(remote.Length) : text;
        int colon = rest.IndexOf(':'), percent = rest.IndexOf("% (");
        return colon > 0 && percent > colon && int.TryParse(rest[(colon + 1)..percent], NumberStyles.AllowLeadingWhite, CultureInfo.InvariantCulture, out int done)
            ? new CheckoutProgress(rest[..colon].ToString(), done)
            : null;
    }
}
