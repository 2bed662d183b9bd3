using System.Diagnostics;
using System.Globalization;

namespace Sandbox.Server.Tests;

/// <summary>Exit code and output of a process.</summary>
internal sealed record ProcessResult(int ExitCode, string Output, string Error);

/// <summary>Runs <c>sandboxd</c> as a process, as the module does.</summary>
internal static class SandboxdProgram
{
    /// <summary>Starts the program without waiting for its exit.</summary>
    public static Process Start(string programs, uint user, IReadOnlyDictionary<string, string?> environment, params IEnumerable<string> arguments) =>
        Start([], programs, user, environment, arguments);

    /// <summary>Starts the program through a launcher without waiting for its exit.</summary>
    public static Process Start(
        IEnumerable<string> through, string programs, uint user, IReadOnlyDictionary<string, string?> environment, IEnumerable<string> arguments)
    {
        string id = user.ToString(CultureInfo.InvariantCulture);
        string[] asUser = TestMachine.IsRoot && user != 0 ? ["setpriv", "--reuid", id, "--regid", id, "--clear-groups", "--"] : [];
        string[] command = [.. through, .. asUser, Path.Combine(programs, "sandboxd"), .. arguments];
        ProcessStartInfo start = new(command[0], command[1..])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = "/",
        };

        // Settings in the environment of the test run must not change the result.
        foreach (string name in start.Environment.Keys.Where(IsSetting).ToArray())
        {
            start.Environment.Remove(name);
        }

        foreach ((string name, string? value) in environment)
        {
            start.Environment[name] = value;
        }

        return Process.Start(start)!;
    }

    /// <summary>Runs the program and waits for its exit.</summary>
    public static Task<ProcessResult> RunAsync(
        string programs, uint user, IReadOnlyDictionary<string, string?> environment, params IEnumerable<string> arguments) =>
        RunAsync([], programs, user, environment, arguments);

    /// <summary>Runs the program through a launcher and waits for its exit.</summary>
    public static async Task<ProcessResult> RunAsync(
        IEnumerable<string> through, string programs, uint user, IReadOnlyDictionary<string, string?> environment, IEnumerable<string> arguments)
    {
        using Process process = Start(through, programs, user, environment, arguments);
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        Task<string> error = process.StandardError.ReadToEndAsync();
        using CancellationTokenSource limit = new(Wait.Limit);
        try
        {
            await process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }

        return new ProcessResult(process.ExitCode, await output, await error);
    }

    private static bool IsSetting(string name) =>
        name.StartsWith("SANDBOX_", StringComparison.Ordinal) || name.StartsWith("XDG_", StringComparison.Ordinal);
}
