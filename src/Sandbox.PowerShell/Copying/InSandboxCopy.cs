using Sandbox.Client;
using Sandbox.Commands;
using Sandbox.Protocol;

namespace Sandbox;

/// <summary>Copies within a sandbox on the server.</summary>
internal sealed class InSandboxCopy(CopySandboxItemCommand cmdlet) : CopyOperation<RemotePath>(cmdlet, cmdlet.Destination)
{
    /// <inheritdoc />
    public override string NameOf(RemotePath source) => $"{source.Target}: {source.Display}";

    /// <inheritdoc />
    protected override async Task<object> CopyAsync(RemotePath source, TransferProgress progress, CancellationToken token)
    {
        FileEntry entry = await source.GetAsync(follow: true, token);
        RemotePath destination = source with { Path = Options.Destination };
        RemotePath place = await destination.WithNameAsync(await source.NameAsync(token), token);
        if (entry.Type == FileKind.Directory)
        {
            RequireRecurse(source.Display);
        }

        if (Options.Checksum
            || (entry.Type == FileKind.Directory && (Options.Exclude is not null || await place.TryGetAsync(follow: false, token) is not null)))
        {
            // The sandbox cannot exclude, merge or verify by itself.
            return await new CrossSandboxCopy(Options, destination).CopyThroughAsync(source, progress, token);
        }

        if (Options.Force && place.Path.LastIndexOf('/') is var slash and > 0)
        {
            await (place with { Path = place.Path[..slash] }).MakeDirectoryAsync(isNew: false, token);
        }

        await source.CopyAsync(place.Path, token);
        return new SandboxItem(await place.GetAsync(follow: false, token), place.Target);
    }
}
