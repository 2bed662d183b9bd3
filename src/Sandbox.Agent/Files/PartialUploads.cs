using System.Collections.Concurrent;
using Sandbox.Protocol;

namespace Sandbox.Agent.Files;

/// <summary>Files that are being replaced. One that was given an id survives its connection for a while and can be gone on with.</summary>
internal sealed class PartialUploads
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);

    private readonly ConcurrentDictionary<string, PartialUpload> _named = new(StringComparer.Ordinal);

    /// <summary>An upload to go on with.</summary>
    /// <param name="id">Its id.</param>
    /// <param name="destination">The file it is to replace.</param>
    public PartialUpload Get(string id, string destination) => _named.TryGetValue(id, out PartialUpload? upload) && upload.Destination == destination
        ? upload
        : throw new ApiException(ErrorCodes.PathNotFound, $"There is no upload '{Identifier.Require(id, "upload")}' to go on with. Begin again.");

    /// <summary>A new upload, or one to go on with.</summary>
    /// <param name="id">Its id; empty for one that does not outlive its connection.</param>
    /// <param name="destination">The file it is to replace.</param>
    /// <param name="isNew">Whether that file does not exist yet.</param>
    public PartialUpload Open(string id, string destination, bool isNew)
    {
        if (id.Length == 0)
        {
            return new PartialUpload(null, destination, isNew);
        }

        PartialUpload upload = _named.GetOrAdd(Identifier.Require(id, "upload"), _ => new PartialUpload(id, destination, isNew));
        return upload.Destination == destination ? upload
            : throw new ApiException(ErrorCodes.InvalidRequest, $"The upload '{id}' is for another file.");
    }

    /// <summary>Its connection broke: it waits for another, if it has an id by which that can find it.</summary>
    /// <param name="upload">The upload.</param>
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

    /// <summary>It has taken its place, or never will.</summary>
    /// <param name="upload">The upload.</param>
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
        await Task.Delay(Patience);
        using IDisposable turn = await upload.EnterAsync(CancellationToken.None);
        if (upload.Breaks == breaks)
        {
            End(upload);
        }
    }
}
