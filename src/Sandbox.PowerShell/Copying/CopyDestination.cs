namespace Sandbox;

/// <summary>Destinations of copies by how they are written.</summary>
internal static class CopyDestination
{
    /// <summary>Directories that every sandbox has: to copy to one means to copy into it.</summary>
    public static readonly string[] OfEverySandbox = [RemotePath.Workspace, "/home/sandbox", "/tmp", "/var/tmp"];

    /// <summary>Whether a path means what lies in a directory, however often it is copied there: <c>.</c>, <c>..</c>, <c>~</c>, or a slash at the
    /// end.</summary>
    /// <param name="path">The path.</param>
    public static bool NamesContainer(string path) => path.EndsWith('/') || path == "~" || path[(path.LastIndexOf('/') + 1)..] is "." or "..";
}
