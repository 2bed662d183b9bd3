using Sandbox.Protocol;

namespace Sandbox.Agent.Files;

/// <summary>Names of unfinished files, in the directory of their destination so that a rename suffices. Watches do not report them.</summary>
internal static class TemporaryName
{
    private const string Prefix = ".sandbox-";
    private const string NewPrefix = ".sandbox-new-";

    /// <summary>Creates a name next to a path.</summary>
    /// <param name="isNew">Whether nothing is at the path yet, which watches report differently.</param>
    public static string Beside(string path, bool isNew = false) =>
        SandboxPath.Join(SandboxPath.Parent(path), (isNew ? NewPrefix : Prefix) + Identifier.Generate());

    /// <summary>Creates a name in a directory.</summary>
    public static string In(string directory) => SandboxPath.Join(directory, Prefix + Identifier.Generate());

    public static bool Is(string name) => name.StartsWith(Prefix, StringComparison.Ordinal);

    /// <summary>Whether a name is that of a file that replaces nothing.</summary>
    public static bool IsOfNew(string name) => name.StartsWith(NewPrefix, StringComparison.Ordinal);
}
