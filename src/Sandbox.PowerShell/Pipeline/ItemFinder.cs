using Sandbox.Protocol;

namespace Sandbox;

/// <summary>Finds items by path or pattern.</summary>
/// <remarks>A pattern without a match is no error, except when writing content or renaming, as in PowerShell's own cmdlets.</remarks>
internal static class ItemFinder
{
    /// <summary>Returns the path of an item.</summary>
    /// <param name="cmdlet">The cmdlet.</param>
    /// <param name="item">The item.</param>
    public static RemotePath Locate(this SandboxCommandBase cmdlet, SandboxItemReference item) =>
        new(new SandboxTarget(cmdlet.ClientOf(item.Server).Sandbox(item.SandboxId)), item.Path);

    /// <summary>Returns the paths that match, with their entries where they are known.</summary>
    /// <param name="cmdlet">The cmdlet, which reports what fails.</param>
    /// <param name="target">The sandbox or session.</param>
    /// <param name="path">The path, perhaps with PowerShell's wildcards.</param>
    /// <param name="hidden">Whether wildcards find names that begin with a dot.</param>
    /// <param name="mustMatch">Whether wildcards that find nothing are an error.</param>
    public static IEnumerable<(RemotePath Path, FileEntry? Entry)> FindPaths(
        this SandboxCommandBase cmdlet, SandboxTarget target, string path, bool hidden, bool mustMatch = false)
    {
        if (!ItemPattern.IsPattern(path))
        {
            return [(new RemotePath(target, ItemPattern.ToLiteral(path)), null)];
        }

        RemotePath remote = new(target, ItemPattern.ToServer(path));
        (RemotePath, FileEntry?)[] found = [];
        cmdlet.TryRun(path, () =>
        {
            found =
            [
                .. cmdlet.Enumerate(token => remote.FindAsync(hidden, token)).Select(entry => (new RemotePath(target, entry.ExactPath), (FileEntry?)entry)),
            ];
            if (found.Length == 0 && mustMatch)
            {
                throw new ApiException(
                    ErrorCodes.PathNotFound,
                    $"Nothing in the sandbox matches '{path}'. Use -LiteralPath for names that contain wildcard characters.");
            }
        });
        return found;
    }
}
