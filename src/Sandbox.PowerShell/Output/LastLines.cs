namespace Sandbox;

/// <summary>The last lines of what passes by, of both streams together.</summary>
/// <param name="count">How many are kept.</param>
internal sealed class LastLines(int count)
{
    private readonly Queue<string> _lines = new();

    /// <summary>The lines, oldest first.</summary>
    public IReadOnlyCollection<string> Lines => _lines;

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
