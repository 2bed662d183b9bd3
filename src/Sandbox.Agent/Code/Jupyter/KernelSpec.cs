using System.Text.Json;

namespace Sandbox.Agent.Code.Jupyter;

/// <summary>A Jupyter kernel that is installed in the sandbox, as its <c>kernel.json</c> tells.</summary>
/// <param name="Name">Its name: its directory's.</param>
/// <param name="Language">The language that it runs, by its usual name.</param>
/// <param name="Program">The full path of its program.</param>
/// <param name="Arguments">The program's arguments, with <c>{connection_file}</c> among them.</param>
/// <param name="Variables">Variables that it wants.</param>
/// <param name="IsInterruptedByMessage">Whether it is interrupted by a message; else by a signal.</param>
internal sealed record KernelSpec(
    string Name, string Language, string Program, IReadOnlyList<string> Arguments, IReadOnlyDictionary<string, string> Variables, bool IsInterruptedByMessage)
{
    /// <summary>The kernel for a language.</summary>
    /// <param name="wanted">The language, by its usual name, or a kernel's name.</param>
    /// <param name="directories">Where kernels are installed for all.</param>
    /// <param name="environment">The environment that it would start with, which may name more places.</param>
    /// <returns>It; null when none is installed.</returns>
    public static KernelSpec? Find(string wanted, IReadOnlyList<string> directories, IReadOnlyDictionary<string, string> environment)
    {
        KernelSpec[] installed = [.. Places(directories, environment).Where(Directory.Exists).SelectMany(Directory.EnumerateDirectories).Order(StringComparer.Ordinal)
            .Select(directory => Load(directory, environment)).OfType<KernelSpec>()];
        return installed.FirstOrDefault(kernel => string.Equals(kernel.Name, wanted, StringComparison.OrdinalIgnoreCase))
            ?? installed.FirstOrDefault(kernel => kernel.Language == wanted);
    }

    private static IEnumerable<string> Places(IReadOnlyList<string> directories, IReadOnlyDictionary<string, string> environment)
    {
        const string kernels = "kernels";
        foreach (string path in (environment.GetValueOrDefault("JUPYTER_PATH") ?? "").Split(':', StringSplitOptions.RemoveEmptyEntries))
        {
            yield return Path.Combine(path, kernels);
        }

        if (environment.TryGetValue("JUPYTER_DATA_DIR", out string? data))
        {
            yield return Path.Combine(data, kernels);
        }
        else if (environment.TryGetValue("HOME", out string? home))
        {
            yield return Path.Combine(home, ".local/share/jupyter", kernels);
        }

        foreach (string directory in directories)
        {
            yield return directory;
        }
    }

    /// <summary>Reads a kernel's description; null for one that is broken, or whose program is not there.</summary>
    private static KernelSpec? Load(string directory, IReadOnlyDictionary<string, string> environment)
    {
        KernelFile? file;
        try
        {
            file = JsonSerializer.Deserialize(File.ReadAllBytes(Path.Combine(directory, "kernel.json")), CodeJson.Default.KernelFile);
        }
        catch (Exception exception) when (exception is JsonException or IOException or UnauthorizedAccessException)
        {
            return null;
        }

        return file is { Argv: [{ } program, ..], Language: { } language } && InterpreterCommand.FindProgram(program, environment) is { } path
            ? new KernelSpec(
                Path.GetFileName(directory),
                InterpreterResolver.Canonical(language),
                path,
                [.. file.Argv.Skip(1).Select(argument => argument.Replace("{resource_dir}", directory, StringComparison.Ordinal)), .. OwnArguments(file.Argv)],
                file.Env ?? new Dictionary<string, string>(),
                file.InterruptMode == "message")
            : null;
    }

    // Left to itself it reads what programs print, as text and too late to belong to their run; so it leaves that to us.
    // And it would write all code to one history file, for which many kernels contend, and which may hold secrets.
    private static IEnumerable<string> OwnArguments(string[] argv) =>
        argv.Contains("ipykernel_launcher") ? ["--IPKernelApp.capture_fd_output=False", "--HistoryManager.enabled=False"] : [];
}

/// <summary>A <c>kernel.json</c>.</summary>
internal sealed record KernelFile
{
    /// <summary>The command line.</summary>
    public string[]? Argv { get; init; }

    /// <summary>The language.</summary>
    public string? Language { get; init; }

    /// <summary>Variables that it wants.</summary>
    public Dictionary<string, string>? Env { get; init; }

    /// <summary>How it is interrupted: <c>signal</c> or <c>message</c>.</summary>
    [System.Text.Json.Serialization.JsonPropertyName("interrupt_mode")]
    public string? InterruptMode { get; init; }
}
