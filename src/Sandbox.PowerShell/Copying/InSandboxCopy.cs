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
    public override async Task<bool> IsDirectoryAsync(IEnumerable<RemotePath> sources, CancellationToken cancellationToken)
    {
        foreach (RemotePath source in sources.DistinctBy(source => source.Target.ToString()))
        {
            if (!await IsDirectoryAsync(source with { Path = Options.Destination }, cancellationToken))
            {
                return false;
            }
        }

        return true;
    }

    /// <inheritdoc />
    protected override async Task<object?> CopyAsync(CopySource<RemotePath> source, TransferProgress progress, CancellationToken cancellationToken)
    {
        RemotePath item = source.Item;
        bool isDirectory = (await item.GetAsync(follow: true, cancellationToken)).Type == FileKind.Directory;
        RemotePath destination = item with { Path = Options.Destination };
        string name = await item.NameAsync(cancellationToken);
        if (Options.Excludes.Has(name, isDirectory, source.IsMatch))
        {
            return null;
        }

        if (isDirectory)
        {
            RequireRecurse(item.Display);
        }

        RemotePath place = await destination.ForCopyAsync(name, source.GoesInto(isDirectory), cancellationToken);
        if (Options.Checksum || (isDirectory && (!Options.Excludes.IsEmpty || await place.TryGetAsync(follow: false, cancellationToken) is not null)))
        {
            // The sandbox cannot exclude, merge or verify by itself.
            return await new CrossSandboxCopy(Options, destination).CopyThroughAsync(source, progress, cancellationToken);
        }

        if (Options.Force && place.Path.LastIndexOf('/') is var slash and > 0)
        {
            await (place with { Path = place.Path[..slash] }).MakeDirectoryAsync(isNew: false, cancellationToken);
        }

        await item.CopyAsync(place.Path, cancellationToken);
        return new SandboxItem(await place.GetAsync(follow: false, cancellationToken), place.Target);
    }
}
