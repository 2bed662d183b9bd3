namespace Sandbox.Server.Engines.Bubblewrap;

/// <summary>Finds the programs the server needs.</summary>
internal static class ExecutableLocator
{
    /// <summary>The full path of a program on <c>PATH</c>, in <c>/usr/bin</c> or in <c>/usr/sbin</c>, or null. Relative entries of <c>PATH</c> are passed over.</summary>
    /// <param name="name">The program.</param>
    public static string? Find(string name)
    {
        IEnumerable<string> directories = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Concat(["/usr/bin", "/usr/sbin"]);
        return directories.Where(Path.IsPathFullyQualified).Select(directory => Path.Combine(directory, name)).FirstOrDefault(File.Exists);
    }
}
