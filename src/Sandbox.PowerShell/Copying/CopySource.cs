using Sandbox.Protocol;

namespace Sandbox;

/// <summary>Something to copy.</summary>
/// <typeparam name="T">What a source is.</typeparam>
/// <param name="Item">The source.</param>
/// <param name="IsMatch">Whether a wildcard matched it.</param>
internal sealed record CopySource<T>(T Item, bool IsMatch)
{
    /// <summary>Whether it is one of several.</summary>
    public bool IsOneOfSeveral { get; init; }

    /// <summary>What paths of patterns are relative to in it, when it is a directory.</summary>
    public ExcludeRoot Root => IsMatch ? ExcludeRoot.Parent : IsOneOfSeveral ? ExcludeRoot.Either : ExcludeRoot.Directory;

    /// <summary>Whether it goes into a directory that is there, under its name.</summary>
    /// <param name="isDirectory">Whether it is a directory.</param>
    public bool GoesInto(bool isDirectory) => IsMatch || IsOneOfSeveral || !isDirectory;
}
