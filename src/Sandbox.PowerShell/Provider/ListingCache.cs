using System.Diagnostics;
using Sandbox.Protocol;

namespace Sandbox;

/// <summary>A short-lived cache of a drive, because the engine asks repeatedly about one path. Any change that the runspace makes in a sandbox invalidates
/// it.</summary>
/// <param name="changes">Counts the changes.</param>
internal sealed class ListingCache(ChangeCounter changes)
{
    private static readonly TimeSpan Lifetime = TimeSpan.FromSeconds(1);

    private long _dropped;

    private readonly Dictionary<string, (long Time, long Changes, FileEntry Entry)> _entries = new(StringComparer.Ordinal);
    private readonly Dictionary<(string Path, bool Hidden), (long Time, long Changes, IReadOnlyList<FileEntry> Entries)> _lists = [];

    /// <summary>Returns the cached item of a path; null for none. Missing items are not cached.</summary>
    public FileEntry? Find(string path) => _entries.TryGetValue(path, out var found) && IsFresh(found.Time, found.Changes) ? found.Entry : null;

    /// <summary>Returns the cached list of a directory; null for none.</summary>
    /// <param name="path">The directory.</param>
    /// <param name="hidden">Whether names that begin with a dot are included.</param>
    public IReadOnlyList<FileEntry>? List(string path, bool hidden) =>
        _lists.TryGetValue((path, hidden), out var found) && IsFresh(found.Time, found.Changes) ? found.Entries : null;

    /// <summary>Caches an item.</summary>
    public void Keep(string path, FileEntry entry)
    {
        DropStale();
        _entries[path] = (Stopwatch.GetTimestamp(), changes.Count, entry);
    }

    /// <summary>Keeps what is in a directory, and so what is at each path in it: the engine asks for one after the other.</summary>
    /// <param name="path">The directory.</param>
    /// <param name="hidden">Whether names that begin with a dot are included.</param>
    /// <param name="entries">The items.</param>
    public void Keep(string path, bool hidden, IReadOnlyList<FileEntry> entries)
    {
        DropStale();
        long time = Stopwatch.GetTimestamp();
        long count = changes.Count;
        _lists[(path, hidden)] = (time, count, entries);
        foreach (FileEntry entry in entries)
        {
            _entries[entry.ExactPath] = (time, count, entry);
        }
    }

    private bool IsFresh(long time, long count) => count == changes.Count && Stopwatch.GetElapsedTime(time) < Lifetime;

    // Only occasionally: the engine queries thousands of items one by one.
    private void DropStale()
    {
        if (Stopwatch.GetElapsedTime(_dropped) < Lifetime)
        {
            return;
        }

        _dropped = Stopwatch.GetTimestamp();
        foreach (string path in _entries.Where(pair => !IsFresh(pair.Value.Time, pair.Value.Changes)).Select(pair => pair.Key).ToArray())
        {
            _entries.Remove(path);
        }

        foreach ((string, bool) list in _lists.Where(pair => !IsFresh(pair.Value.Time, pair.Value.Changes)).Select(pair => pair.Key).ToArray())
        {
            _lists.Remove(list);
        }
    }
}
