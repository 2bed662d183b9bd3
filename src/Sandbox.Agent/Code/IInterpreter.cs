namespace Sandbox.Agent.Code;

/// <summary>A process that runs one piece of code after the other and keeps their state.</summary>
internal interface IInterpreter : IDisposable
{
    bool HasEnded { get; }

    /// <summary>Runs code until it ends or the interpreter does.</summary>
    Task<RunOutcome> RunAsync(CodeRun run);

    /// <summary>Interrupts the running code, as Ctrl+C would. The code may ignore it.</summary>
    /// <returns>Completes when the interrupt was delivered; never when the interpreter does not read its requests.</returns>
    Task InterruptAsync();

    /// <summary>Ends the interpreter with everything it started.</summary>
    void Kill();
}

/// <summary>What runs the code of a context, and how to start it.</summary>
/// <param name="TakesVariables">Whether one run can have variables of its own.</param>
internal sealed record InterpreterPlan(string Language, string Name, bool TakesVariables, Func<Task<IInterpreter>> StartAsync);

/// <summary>How to start an interpreter's program.</summary>
internal sealed record InterpreterCommand(string Path, IReadOnlyList<string> Arguments, IReadOnlyDictionary<string, string> Environment, string Directory)
{
    /// <summary>Finds a program as a shell does; null when there is none.</summary>
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
