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
    protected override async Task<object> CopyAsync(RemotePath source, TransferProgress progress, CancellationToken cancellationToken)
    {
        FileEntry entry = await source.GetAsync(follow: true, cancellationToken);
        RemotePath destination = source with { Path = Options.Destination };
        RemotePath place = await destination.WithNameAsync(await source.NameAsync(cancellationToken), cancellationToken);
        if (entry.Type == FileKind.Directory)
        {
            RequireRecurse(source.Display);
        }

        if (Options.Checksum
            || (entry.Type == FileKind.Directory && (Options.Exclude is not null || await place.TryGetAsync(follow: false, cancellationToken) is not null)))
        {
            // The sandbox cannot exclude, merge or verify by itself.
            return await new CrossSandboxCopy(Options, destination).CopyThroughAsync(source, progress, cancellationToken);
        }

        if (Options.Force && place.Path.LastIndexOf('/') is var slash and > 0)
        {
            await (place with { Path = place.Path[..slash] }).MakeDirectoryAsync(isNew: false, cancellationToken);
        }

        await source.CopyAsync(place.Path, cancellationToken);
        return new SandboxItem(await place.GetAsync(follow: false, cancellationToken), place.Target);
    }
}
