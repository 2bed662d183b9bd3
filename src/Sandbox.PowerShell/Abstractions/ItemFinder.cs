using Sandbox.Protocol;

namespace Sandbox;

/// <summary>Finds items by path or pattern. A pattern without a match is no error, except when writing content or renaming, as in PowerShell's own cmdlets.</summary>
internal static class ItemFinder
{
    /// <summary>The places that a path means, and what is there when that is known.</summary>
    /// <param name="cmdlet">The cmdlet, which reports what fails.</param>
    /// <param name="target">Where.</param>
    /// <param name="path">The path, perhaps with PowerShell's wildcards.</param>
    /// <param name="hidden">Whether wildcards find names that begin with a dot.</param>
    /// <param name="mustMatch">Whether wildcards that find nothing are an error.</param>
    public static IEnumerable<(RemotePath Place, FileEntry? Entry)> FindPlaces(this SandboxCommandBase cmdlet, SandboxTarget target, string path, bool hidden, bool mustMatch = false)
    {
        if (!ItemPattern.IsPattern(path))
        {
            return [(new RemotePath(target, ItemPattern.ToLiteral(path)), null)];
        }

        RemotePath place = new(target, ItemPattern.ToServer(path));
        try
        {
            (RemotePath, FileEntry?)[] found = [.. cmdlet.Enumerate(token => place.FindAsync(hidden, token)).Select(entry => (new RemotePath(target, entry.ExactPath), (FileEntry?)entry))];
            return found.Length > 0 || !mustMatch ? found
                : throw new ApiException(ErrorCodes.PathNotFound, $"Nothing in the sandbox matches '{path}'. Use -LiteralPath for names that contain wildcard characters.");
        }
        catch (Exception e) when (Errors.IsExpected(e))
        {
            cmdlet.Report(e, path);
            return [];
        }
    }
}
