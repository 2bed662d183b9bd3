namespace Sandbox.Agent.Code;

/// <summary>How an interpreter's program is started.</summary>
/// <param name="Path">The program's full path.</param>
/// <param name="Arguments">Its arguments.</param>
/// <param name="Environment">Its whole environment.</param>
/// <param name="Directory">Where it starts.</param>
internal sealed record InterpreterCommand(string Path, IReadOnlyList<string> Arguments, IReadOnlyDictionary<string, string> Environment, string Directory)
{
    /// <summary>The full path of a program that is found as a shell finds it; null when there is none.</summary>
    /// <param name="name">Its name, or a path.</param>
    /// <param name="environment">The environment with its <c>PATH</c>.</param>
    public static string? FindProgram(string name, IReadOnlyDictionary<string, string> environment)
    {
        if (name.Contains('/', StringComparison.Ordinal))
        {
            return File.Exists(name) ? name : null;
        }

        return (environment.GetValueOrDefault("PATH") ?? "").Split(':', StringSplitOptions.RemoveEmptyEntries)
            .Where(System.IO.Path.IsPathRooted)
            .Select(directory => System.IO.Path.Combine(directory, name))
            .FirstOrDefault(IsProgram);
    }

    private static bool IsProgram(string path)
    {
        const UnixFileMode executable = UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;
        return File.Exists(path) && (File.GetUnixFileMode(path) & executable) != 0;
    }
}
