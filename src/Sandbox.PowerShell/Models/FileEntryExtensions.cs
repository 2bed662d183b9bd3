using Sandbox.Protocol;

namespace Sandbox;

/// <summary>What PowerShell calls the container and the name of an item.</summary>
internal static class FileEntryExtensions
{
    /// <summary>Whether the item is a directory or a link to one.</summary>
    public static bool IsContainer(this FileEntry entry) => (entry.TargetType ?? entry.Type) == FileKind.Directory;

    /// <summary>The last part of the path; empty for the root.</summary>
    public static string Name(this FileEntry entry) => entry.ExactPath[(entry.ExactPath.LastIndexOf('/') + 1)..];
}
