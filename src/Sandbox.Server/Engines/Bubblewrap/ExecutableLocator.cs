namespace Sandbox.Server.Engines.Bubblewrap;

/// <summary>Finds programs on the host.</summary>
internal static class ExecutableLocator
{
    /// <summary>Returns the full path of a program on <c>PATH</c> (relative entries are ignored), in <c>/usr/bin</c> or <c>/usr/sbin</c>, or null.</summary>
    public static string? Find(string name)
    {
        IEnumerable<string> directories = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Concat(["/usr/bin", "/usr/sbin"]);
        return directories.Where(Path.IsPathFullyQualified).Select(directory => Path.Combine(directory, name)).FirstOrDefault(File.Exists);
    }
}
