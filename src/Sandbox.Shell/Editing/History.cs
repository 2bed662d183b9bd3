using System.Text.RegularExpressions;

namespace Sandbox.Shell;

/// <summary>What was typed before, kept in a file of the user's.</summary>
internal sealed partial class History
{
    private const int Bound = 1000;
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private readonly string _path;
    private readonly List<string> _entries = [];

    /// <summary>Reads the file, if it is there and can be read.</summary>
    /// <param name="path">The file.</param>
    public History(string path)
    {
        _path = path;
        Try(() =>
        {
            string[] lines = File.Exists(path) ? File.ReadAllLines(path) : [];
            _entries.AddRange(lines.TakeLast(Bound).Select(Decode));
            if (lines.Length > 2 * Bound)
            {
                string shorter = $"{path}.{Environment.ProcessId}";
                Append(shorter, [.. lines.TakeLast(Bound)]);
                File.Move(shorter, path, overwrite: true);
            }
        });
    }

    /// <summary>What was typed, the oldest first.</summary>
    public IReadOnlyList<string> Entries => _entries;

    /// <summary>The file of this user: below SANDBOX_HOME where that is set, else where XDG has state.</summary>
    public static string DefaultPath => Path.Combine(
        Environment.GetEnvironmentVariable("SANDBOX_HOME") is { Length: > 0 } home ? home
        : Environment.GetEnvironmentVariable("XDG_STATE_HOME") is ['/', ..] state ? Path.Combine(state, "sandbox")
        : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".local", "state", "sandbox"),
        "shell-history");

    /// <summary>Remembers an entry; not in the file when it looks like a secret.</summary>
    /// <param name="entry">What was typed.</param>
    public void Add(string entry)
    {
        if (string.IsNullOrWhiteSpace(entry) || (_entries.Count > 0 && _entries[^1] == entry))
        {
            return;
        }

        _entries.Add(entry);
        if (!LooksSecret().IsMatch(entry))
        {
            Try(() => Append(_path, Encode(entry)));
        }
    }

    // The words by which PSReadLine tells what it must not keep.
    [GeneratedRegex("password|asplaintext|token|apikey|secret", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex LooksSecret();

    // One entry a line.
    private static string Encode(string entry) => entry.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal);

    private static string Decode(string line) => Escape().Replace(line, escape => escape.ValueSpan[1] == 'n' ? "\n" : "\\");

    [GeneratedRegex(@"\\[n\\]")]
    private static partial Regex Escape();

    private static void Append(string path, params IEnumerable<string> lines)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!, OwnerOnly | UnixFileMode.UserExecute);
        using FileStream file = new(path, new FileStreamOptions { Mode = FileMode.Append, Access = FileAccess.Write, Share = FileShare.ReadWrite, UnixCreateMode = OwnerOnly });
        using StreamWriter writer = new(file);
        writer.Write(string.Concat(lines.Select(line => line + "\n")));
    }

    // A history that cannot be kept is no reason not to work.
    private static void Try(Action action)
    {
        try
        {
            action();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
        }
    }
}
