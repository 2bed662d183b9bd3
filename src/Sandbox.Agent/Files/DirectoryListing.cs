using System.Buffers;
using System.ComponentModel;
using System.IO.Pipelines;
using System.Text.Json;
using Sandbox.Agent.Api;
using Sandbox.Linux;
using Sandbox.Protocol;

namespace Sandbox.Agent.Files;

/// <summary><c>GET …/directory</c>: what is in a directory, or below it, one JSON object a line, sorted by name within each directory. Links are told, not followed.</summary>
/// <param name="writer">Where to.</param>
/// <param name="filter">Which names are told; null for all.</param>
/// <param name="hidden">Whether names that begin with a dot count.</param>
internal sealed class DirectoryListing(PipeWriter writer, GlobPattern? filter, bool hidden) : IDisposable
{
    private const string MediaType = "application/x-ndjson";
    private const int FlushAt = 64 * 1024;

    private readonly Utf8JsonWriter _json = new(writer, new JsonWriterOptions { SkipValidation = true });

    /// <summary>Serves a request.</summary>
    /// <param name="context">The request.</param>
    /// <param name="path">The directory.</param>
    public static async Task InvokeAsync(HttpContext context, string path)
    {
        long depth = RequestPath.Number(context, "depth") ?? (RequestPath.Flag(context, "recursive") ? long.MaxValue : 0);
        GlobPattern? filter = RequestPath.Text(context, "filter") is { Length: > 0 } pattern ? new GlobPattern(pattern) : null;
        bool hidden = RequestPath.Flag(context, "hidden", whenAbsent: true);

        // Looked into before the answer begins: a directory that cannot be is a proper error.
        List<(string Name, FileStatus Status)> entries = Read(path, hidden);
        context.Response.ContentType = MediaType;
        using DirectoryListing listing = new(context.Response.BodyWriter, filter, hidden);
        await listing.WriteAsync(path, entries, depth, context.RequestAborted);
    }

    /// <summary>Answers with what a pattern finds, in the same form.</summary>
    /// <param name="context">The request.</param>
    /// <param name="found">What was found.</param>
    public static async Task WriteAsync(HttpContext context, IEnumerable<FileEntry> found)
    {
        context.Response.ContentType = MediaType;
        using DirectoryListing listing = new(context.Response.BodyWriter, null, true);
        foreach (FileEntry entry in found)
        {
            await listing.WriteAsync(entry, context.RequestAborted);
        }
    }

    /// <summary>The entries of a directory, sorted by name.</summary>
    /// <param name="path">The directory.</param>
    /// <param name="hidden">Whether names that begin with a dot count.</param>
    public static List<(string Name, FileStatus Status)> Read(string path, bool hidden)
    {
        List<LinuxPath> names = [];
        using DirectoryReader directory = DirectoryReader.Open(SandboxPath.Native(path));
        while (directory.Read())
        {
            if (hidden || directory.Name[0] != '.')
            {
                names.Add(new LinuxPath(directory.Name));
            }
        }

        names.Sort(static (left, right) => left.Bytes.SequenceCompareTo(right.Bytes));
        List<(string, FileStatus)> entries = new(names.Count);
        foreach (LinuxPath name in names)
        {
            if (directory.TryStatus(name) is { } status)
            {
                entries.Add((PathText.FromBytes(name.Bytes), status));
            }
        }

        return entries;
    }

    /// <inheritdoc/>
    public void Dispose() => _json.Dispose();

    private async Task WriteAsync(string path, List<(string Name, FileStatus Status)> entries, long left, CancellationToken cancellationToken)
    {
        foreach ((string name, FileStatus status) in entries)
        {
            string child = SandboxPath.Join(path, name);
            bool isTold = filter?.IsMatch(name) != false;
            if (status.Type != FileType.Directory || left == 0)
            {
                if (isTold)
                {
                    await WriteAsync(FileEntries.Make(child, status), cancellationToken);
                }

                continue;
            }

            (List<(string, FileStatus)>? below, ApiException? failure) = TryRead(child);
            if (isTold || failure is not null)
            {
                await WriteAsync(FileEntries.Make(child, status) with { Error = failure?.Message, ErrorCode = failure?.Code }, cancellationToken);
            }

            if (below is not null)
            {
                await WriteAsync(child, below, left - 1, cancellationToken);
            }
        }
    }

    private (List<(string Name, FileStatus Status)>? Entries, ApiException? Failure) TryRead(string path)
    {
        try
        {
            return (Read(path, hidden), null);
        }
        catch (Win32Exception exception)
        {
            return (null, exception.NativeErrorCode == ErrorNumbers.NoEntry ? null : FileErrorMapper.ToApiException(exception));
        }
    }

    private ValueTask<FlushResult> WriteAsync(FileEntry entry, CancellationToken cancellationToken)
    {
        JsonSerializer.Serialize(_json, entry, ProtocolJson.Default.FileEntry);
        _json.Flush();
        _json.Reset();
        writer.Write("\n"u8);
        return writer.UnflushedBytes >= FlushAt ? writer.FlushAsync(cancellationToken) : default;
    }
}
