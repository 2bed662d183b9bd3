using System.Globalization;
using System.Net.Http.Headers;
using Sandbox.Protocol;

namespace Sandbox.Client;

/// <summary>An archive from a sandbox, and what the sandbox says about it.</summary>
public sealed class ArchiveStream : ReadOnlyStream
{
    private readonly Stream _body;

    internal ArchiveStream(Stream body, HttpResponseHeaders headers, int patterns)
    {
        _body = body;
        UnmatchedPatterns = [.. ListOf(headers, ArchiveHeaders.Unmatched)
            .Select(text => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int index) ? index : -1)
            .Where(index => index >= 0 && index < patterns)];
        string[] sockets = ListOf(headers, ArchiveHeaders.Sockets);
        Sockets = [.. sockets.Where(name => name != ArchiveHeaders.More).Select(name => PathText.Unescape(name))];
        HasMoreSockets = sockets.Contains(ArchiveHeaders.More);
    }

    /// <summary>The indexes of the patterns that matched nothing.</summary>
    public IReadOnlyList<int> UnmatchedPatterns { get; }

    /// <summary>The paths, in the directory, of sockets that are not in the archive.</summary>
    public IReadOnlyList<string> Sockets { get; }

    /// <summary>Whether there are more of them.</summary>
    public bool HasMoreSockets { get; }

    /// <inheritdoc />
    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => _body.ReadAsync(buffer, cancellationToken);

    /// <inheritdoc />
    protected override void Dispose(bool disposing)
    {
        _body.Dispose();
        base.Dispose(disposing);
    }

    private static string[] ListOf(HttpResponseHeaders headers, string name) =>
        headers.TryGetValues(name, out IEnumerable<string>? values) ? string.Join(',', values).Split(',', StringSplitOptions.TrimEntries) : [];
}
