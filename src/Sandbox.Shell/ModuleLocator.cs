namespace Sandbox.Shell;

/// <summary>Finds the module that is loaded.</summary>
internal static class ModuleLocator
{
    /// <summary>The manifest's path: what SANDBOX_MODULE names, else what was built above this program; null when there is none.</summary>
    public static string? Find()
    {
        if (Environment.GetEnvironmentVariable("SANDBOX_MODULE") is { Length: > 0 } named)
        {
            return File.Exists(named) ? Path.GetFullPath(named) : null;
        }

        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            string built = Path.Combine(folder.FullName, "output", "Sandbox");
            if (Directory.Exists(built) && Newest(built) is { } manifest)
            {
                return manifest;
            }
        }

        return null;
    }

    private static string? Newest(string folder) => Directory.EnumerateDirectories(folder)
        .Where(version => Version.TryParse(Path.GetFileName(version), out _) && File.Exists(Path.Combine(version, "Sandbox.psd1")))
        .OrderByDescending(version => Version.Parse(Path.GetFileName(version)))
        .Select(version => Path.Combine(version, "Sandbox.psd1"))
        .FirstOrDefault();
}
