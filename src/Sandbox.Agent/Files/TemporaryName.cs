using Sandbox.Protocol;

namespace Sandbox.Agent.Files;

/// <summary>Names of what is not finished: in the directory of what it will be, since only there can it take its place at once. A watch leaves them out.</summary>
internal static class TemporaryName
{
    private const string Prefix = ".sandbox-";
    private const string NewPrefix = ".sandbox-new-";

    /// <summary>A new one beside a path.</summary>
    /// <param name="path">The path.</param>
    /// <param name="isNew">Whether nothing is at the path yet; a watch tells the two apart by it.</param>
    public static string Beside(string path, bool isNew = false) => SandboxPath.Join(SandboxPath.Parent(path), (isNew ? NewPrefix : Prefix) + Identifier.Generate());

    /// <summary>A new one in a directory.</summary>
    /// <param name="directory">The directory.</param>
    public static string In(string directory) => SandboxPath.Join(directory, Prefix + Identifier.Generate());

    /// <summary>Whether a name is one.</summary>
    /// <param name="name">The name.</param>
    public static bool Is(string name) => name.StartsWith(Prefix, StringComparison.Ordinal);

    /// <summary>Whether a name is one of what had no predecessor.</summary>
    /// <param name="name">The name.</param>
    public static bool IsOfNew(string name) => name.StartsWith(NewPrefix, StringComparison.Ordinal);
}
