using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace Sandbox.Tests;

/// <summary>The <c>pwsh</c> of the tests: the installed one where it is new enough, else the .NET tool in <c>.config/dotnet-tools.json</c>.</summary>
internal static class PowerShellProgram
{
    private static readonly Version Oldest = new(7, 6);
    private static readonly Lazy<string> Found = new(() => Installed() ?? Tool());

    public static string Path => Found.Value;

    /// <summary>Returns the environment of pwsh: the home of its server, and no settings, history or temporary files of the user.</summary>
    public static IEnumerable<(string Name, string Value)> Environment(TestHome home) =>
    [
        ("SANDBOX_HOME", home.Folder),
        ("TMPDIR", home.Folder),
        ("XDG_CONFIG_HOME", home.Folder),
        ("XDG_DATA_HOME", home.Folder),
        ("DOTNET_ROOT", System.IO.Path.GetFullPath(System.IO.Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "../../.."))),
        ("POWERSHELL_TELEMETRY_OPTOUT", "1"),
        ("POWERSHELL_UPDATECHECK", "Off"),
        ("NO_COLOR", "1"),
    ];

    private static string? Installed() => (System.Environment.GetEnvironmentVariable("PATH") ?? "").Split(':')
        .Select(folder => System.IO.Path.Combine(folder, "pwsh"))
        .Where(File.Exists)
        .FirstOrDefault(file => Version.TryParse(VersionOf(file).Split(' ', '-')[^1], out Version? version) && version >= Oldest);

    // Prints 'PowerShell 7.6.9'. The shim of 'dotnet tool' fails in a directory without a tool manifest.
    private static string VersionOf(string file)
    {
        using Process process = Process.Start(new ProcessStartInfo(file, ["--version"]) { RedirectStandardOutput = true })!;
        string version = process.StandardOutput.ReadToEnd().Trim();
        process.WaitForExit();
        return version;
    }

    private static string Tool()
    {
        using JsonDocument manifest = JsonDocument.Parse(File.ReadAllText(System.IO.Path.Combine(Paths.Repository, ".config/dotnet-tools.json")));
        string version = manifest.RootElement.GetProperty("tools").GetProperty("powershell").GetProperty("version").GetString()!;
        string file = System.IO.Path.Combine(Paths.NuGetPackages, "powershell", version, "tools/net10.0/any/unix/pwsh");
        return File.Exists(file) ? file
            : throw new InvalidOperationException($"PowerShell {Oldest} is not installed. Run 'dotnet tool restore' in '{Paths.Repository}'.");
    }
}
