using System.Management.Automation;
using Sandbox.Client;
using Sandbox.Protocol;

namespace Sandbox;

/// <summary>The patterns of <c>-Exclude</c> and <c>-ExcludeFrom</c>, whose rules are those of <c>.gitignore</c>, and which of them matched something.</summary>
internal sealed class Excludes
{
    private const int ShownPatterns = 20;

    private readonly List<(string? File, int Count)> _origins;
    private readonly ExcludePatterns _patterns;
    private readonly HashSet<int> _matchedElsewhere = [];
    private readonly Lock _gate = new();
    private bool _wasUsed;

    private Excludes(IEnumerable<string> patterns, List<(string? File, int Count)> origins) => (_patterns, _origins) = (new ExcludePatterns(patterns), origins);

    /// <summary>The patterns.</summary>
    public IReadOnlyList<string> Texts => _patterns.Texts;

    /// <summary>Whether there is none.</summary>
    public bool IsEmpty => Texts.Count == 0;

    /// <summary>Reads what the user gave. What cannot be read ends the cmdlet: nothing that was to be left out is copied.</summary>
    /// <param name="cmdlet">The cmdlet.</param>
    /// <param name="patterns">The patterns of <c>-Exclude</c>.</param>
    /// <param name="files">The local files of <c>-ExcludeFrom</c>.</param>
    public static Excludes Read(SandboxCommandBase cmdlet, string[]? patterns, string[]? files)
    {
        List<string> all = [.. patterns ?? []];
        List<(string? File, int Count)> origins = [(null, all.Count)];
        foreach (string file in files ?? [])
        {
            try
            {
                string[] lines = [.. ExcludePatterns.ReadLines(File.ReadAllLines(cmdlet.GetUnresolvedProviderPathFromPSPath(file)))];
                all.AddRange(lines);
                origins.Add((file, lines.Length));
            }
            catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
            {
                cmdlet.ThrowTerminatingError(Errors.From(new ApiException(ErrorCodes.PathNotFound, $"The local file '{file}' does not exist.", e), file));
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                cmdlet.ThrowTerminatingError(Errors.LocalFileFailed(e, file));
            }
        }

        try
        {
            return new Excludes(all, origins);
        }
        catch (ApiException e)
        {
            cmdlet.ThrowTerminatingError(Errors.From(e, null));
            throw;
        }
    }

    /// <summary>Returns the patterns for the content of a local directory.</summary>
    /// <param name="root">What their paths are relative to.</param>
    /// <param name="name">The name of the directory.</param>
    public ExcludeScope ScopeOf(ExcludeRoot root, string name)
    {
        _wasUsed = true;
        return new ExcludeScope(_patterns, root, name);
    }

    /// <summary>Returns whether an item that was named itself, or matched by a wildcard, is left out.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="isDirectory">Whether it is a directory.</param>
    /// <param name="isMatch">Whether a wildcard matched it: then <c>*</c> means it, too.</param>
    public bool Has(string name, bool isDirectory, bool isMatch)
    {
        _wasUsed = true;
        lock (_gate)
        {
            return isMatch ? _patterns.Has(isDirectory, name) : _patterns.HasNamed(name, isDirectory);
        }
    }

    /// <summary>Opens a directory of a sandbox as an archive without what is left out.</summary>
    /// <param name="directory">The directory.</param>
    /// <param name="root">What the paths of the patterns are relative to.</param>
    /// <param name="partial">Whether it is extracted here: unreadable items are listed and holes are zeros; otherwise the former are an error.</param>
    /// <param name="warn">Receives a message about what is missing in the archive.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    public async Task<Stream> OpenArchiveAsync(
        RemotePath directory, ExcludeRoot root, bool partial, Action<string> warn, CancellationToken cancellationToken)
    {
        ArchiveOptions options = new() { Excludes = Texts, Root = root, Partial = partial, Sparse = !partial };
        ArchiveStream archive = await directory.OpenArchiveAsync(options, cancellationToken);
        lock (_gate)
        {
            _wasUsed = true;
            _matchedElsewhere.UnionWith(Enumerable.Range(0, Texts.Count).Except(archive.UnmatchedPatterns));
        }

        if (archive.Sockets.Count > 0)
        {
            string names = string.Join(", ", archive.Sockets.Select(name => $"'{DisplayText.Clean(PathText.ToDisplay(name))}'"));
            string more = archive.HasMoreSockets ? " and more" : "";
            warn($"Sockets, which only their program can create, were left out of '{directory.Display}': {names}{more}.");
        }

        return archive;
    }

    /// <summary>Warns about the patterns that matched nothing, when anything was looked at.</summary>
    public void WarnOfUnmatched(Cmdlet cmdlet)
    {
        int begin = 0;
        HashSet<int> unmatched = _wasUsed ? [.. _patterns.Unmatched.Except(_matchedElsewhere)] : [];
        foreach ((string? file, int count) in _origins)
        {
            string[] texts = [.. Enumerable.Range(begin, count).Where(unmatched.Contains).Select(index => $"'{DisplayText.Clean(Texts[index])}'")];
            begin += count;
            if (texts.Length > 0)
            {
                string shown = string.Join(", ", texts.Take(ShownPatterns)) + (texts.Length > ShownPatterns ? $" and {texts.Length - ShownPatterns} more" : "");
                cmdlet.WriteWarning(
                    $"{(file is null ? "-Exclude" : $"-ExcludeFrom '{file}'")}: nothing matched {shown}. The rules are those of .gitignore: '/' separates "
                    + "directories, upper and lower case differ, and a path starts at the directory that is copied.");
            }
        }
    }
}
