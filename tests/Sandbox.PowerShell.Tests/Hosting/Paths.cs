using System.Reflection;

namespace Sandbox.Tests;

/// <summary>Paths of the build output.</summary>
internal static class Paths
{
    public static string Repository { get; } = Metadata("RepositoryRoot");

    public static string ModuleFolder { get; } = Metadata("ModuleOutput");

    public static string Manifest { get; } = Path.Combine(ModuleFolder, "Sandbox.psd1");

    public static string ModuleSource { get; } = Metadata("ModuleSource");

    public static string NuGetPackages { get; } = Metadata("NuGetPackageRoot");

    private static string Metadata(string key) =>
        Assembly.GetExecutingAssembly().GetCustomAttributes<AssemblyMetadataAttribute>().Single(item => item.Key == key).Value!;
}
