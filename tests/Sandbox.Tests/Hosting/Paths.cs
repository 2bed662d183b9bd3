using System.Reflection;

namespace Sandbox.Tests;

/// <summary>Where the build put what is tested.</summary>
internal static class Paths
{
    public static string Repository { get; } = Metadata("RepositoryRoot");

    public static string ModuleFolder { get; } = Metadata("ModuleOutput");

    public static string Manifest { get; } = Path.Combine(ModuleFolder, "Sandbox.psd1");

    public static string Shell { get; } = Metadata("ShellProgram");

    public static string ModuleSource { get; } = Metadata("ModuleSource");

    private static string Metadata(string key) =>
        Assembly.GetExecutingAssembly().GetCustomAttributes<AssemblyMetadataAttribute>().Single(item => item.Key == key).Value!;
}
