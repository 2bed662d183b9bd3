using System.Text.Json;

namespace Sandbox.Agent.Code.Jupyter;

/// <summary>A Jupyter kernel that is installed in the sandbox, as described by its <c>kernel.json</c>.</summary>
/// <param name="IsInterruptedByMessage">Whether it is interrupted by a message; else by a signal.</param>
internal sealed record KernelSpec(
    string Name, string Language, string Program, IReadOnlyList<string> Arguments, IReadOnlyDictionary<string, string> Variables, bool IsInterruptedByMessage)
{
    /// <summary>Finds the kernel for a language.</summary>
    /// <returns>The kernel; null when none is installed.</returns>
    public static KernelSpec? Find(string wanted, IReadOnlyList<string> directories, IReadOnlyDictionary<string, string> environment)
    {
        KernelSpec[] installed =
            [.. Places(directories, environment).Where(Directory.Exists).SelectMany(Directory.EnumerateDirectories).Order(StringComparer.Ordinal)
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

    /// <summary>Reads a kernel's description; null when it is invalid or its program is missing.</summary>
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

    // By default ipykernel captures the output of child processes as text, too late to belong to their run; we read it from the process instead.
    // It would also write all code to one history file, for which kernels compete, and which may then hold secrets.
    private static IEnumerable<string> OwnArguments(string[] argv) =>
        argv.Contains("ipykernel_launcher") ? ["--IPKernelApp.capture_fd_output=False", "--HistoryManager.enabled=False"] : [];
}

internal sealed record KernelFile
{
    public string[]? Argv { get; init; }

    public string? Language { get; init; }

    public Dictionary<string, string>? Env { get; init; }

    /// <summary><c>signal</c> or <c>message</c>.</summary>
    [System.Text.Json.Serialization.JsonPropertyName("interrupt_mode")]
    public string? InterruptMode { get; init; }
}
