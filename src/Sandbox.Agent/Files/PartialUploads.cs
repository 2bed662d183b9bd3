using System.Collections.Concurrent;
using Sandbox.Protocol;

namespace Sandbox.Agent.Files;

/// <summary>Uploads in progress. Those with an id can be resumed for ten minutes after their connection broke.</summary>
internal sealed class PartialUploads(UnfinishedFiles unfinished)
{
    private static readonly TimeSpan RemovalDelay = TimeSpan.FromMinutes(10);

    private readonly ConcurrentDictionary<string, PartialUpload> _named = new(StringComparer.Ordinal);

    /// <summary>Gets an upload to resume.</summary>
    public PartialUpload Get(string id, string destination) => _named.TryGetValue(id, out PartialUpload? upload) && upload.Destination == destination
        ? upload
        : throw new ApiException(ErrorCodes.PathNotFound, $"There is no upload '{Identifier.Require(id, "upload")}' to resume. Start again.");

    /// <summary>Creates an upload, or gets one to resume.</summary>
    /// <param name="id">Empty for an upload that cannot be resumed.</param>
    /// <param name="isNew">Whether the destination does not exist yet.</param>
    public PartialUpload Open(string id, string destination, bool isNew)
    {
        if (id.Length == 0)
        {
            return new PartialUpload(null, destination, isNew, unfinished);
        }

        PartialUpload upload = _named.GetOrAdd(Identifier.Require(id, "upload"), _ => new PartialUpload(id, destination, isNew, unfinished));
        return upload.Destination == destination ? upload
            : throw new ApiException(ErrorCodes.InvalidRequest, $"The upload '{id}' is for another file.");
    }

    /// <summary>Keeps an upload whose connection broke, if it has an id.</summary>
    public void Suspend(PartialUpload upload)
    {
        if (upload.Id is null)
        {
            End(upload);
        }
        else
        {
            _ = ExpireAsync(upload, ++upload.Breaks);
        }
    }

    /// <summary>Removes an upload that is complete or failed.</summary>
    public void End(PartialUpload upload)
    {
        if (upload.Id is not null)
        {
            _named.TryRemove(KeyValuePair.Create(upload.Id, upload));
        }

        upload.Remove();
    }

    private async Task ExpireAsync(PartialUpload upload, int breaks)
    {
        await Task.Delay(RemovalDelay);
        using IDisposable turn = await upload.EnterAsync(CancellationToken.None);
        if (upload.Breaks == breaks)
        {
            End(upload);
        }
    }
}
