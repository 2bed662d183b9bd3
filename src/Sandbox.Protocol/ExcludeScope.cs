namespace Sandbox.Protocol;

/// <summary>What the paths of patterns are relative to, when a directory is archived or listed.</summary>
public enum ExcludeRoot
{
    /// <summary>The directory.</summary>
    Directory,

    /// <summary>The directory in which it lies: it is one of those that a wildcard matched.</summary>
    Parent,

    /// <summary>Either: it is one of several that were named.</summary>
    Either,
}

/// <summary>Patterns as they apply to the content of one directory.</summary>
/// <param name="patterns">The patterns.</param>
/// <param name="root">What their paths are relative to.</param>
/// <param name="name">The name of the directory.</param>
public sealed class ExcludeScope(ExcludePatterns patterns, ExcludeRoot root, string name)
{
    /// <summary>The patterns.</summary>
    public ExcludePatterns Patterns => patterns;

    /// <summary>Returns whether an item is left out. The directories that it lies in are not.</summary>
    /// <param name="path">Its path in the directory.</param>
    /// <param name="isDirectory">Whether it is a directory. A link is none.</param>
    public bool Has(string path, bool isDirectory) => patterns.Texts.Count > 0 && root switch
    {
        ExcludeRoot.Directory => patterns.Has(isDirectory, path),
        ExcludeRoot.Parent => patterns.Has(isDirectory, $"{name}/{path}"),
        _ => patterns.Has(isDirectory, path, $"{name}/{path}"),
    };

    /// <summary>Returns whether an item or a directory that it lies in is left out.</summary>
    /// <inheritdoc cref="Has" />
    public bool HasOrIsBelow(string path, bool isDirectory)
    {
        for (int slash = path.IndexOf('/'); slash >= 0; slash = path.IndexOf('/', slash + 1))
        {
            if (Has(path[..slash], isDirectory: true))
            {
                return true;
            }
        }

        return Has(path, isDirectory);
    }
}
