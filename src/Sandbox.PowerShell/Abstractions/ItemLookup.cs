using Sandbox.Protocol;

namespace Sandbox;

/// <summary>Finds items by path or pattern. A pattern that matches nothing is silence.</summary>
internal static class ItemLookup
{
    /// <summary>The places that a path means, and what is there when that is known.</summary>
    /// <param name="cmdlet">The cmdlet, which reports what fails.</param>
    /// <param name="target">Where.</param>
    /// <param name="path">The path, perhaps with PowerShell's wildcards.</param>
    /// <param name="hidden">Whether wildcards find names that begin with a dot.</param>
    public static IEnumerable<(ItemPlace Place, FileEntry? Entry)> FindPlaces(this SandboxCommandBase cmdlet, Target target, string path, bool hidden)
    {
        if (!ItemPattern.IsPattern(path))
        {
            return [(new ItemPlace(target, ItemPattern.ToLiteral(path)), null)];
        }

        ItemPlace place = new(target, ItemPattern.ToServer(path));
        try
        {
            return [.. cmdlet.Enumerate(token => place.FindAsync(hidden, token)).Select(entry => (new ItemPlace(target, entry.ExactPath), (FileEntry?)entry))];
        }
        catch (Exception e) when (Errors.IsExpected(e))
        {
            cmdlet.Report(e, path);
            return [];
        }
    }
}
