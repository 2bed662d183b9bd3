using System.Diagnostics;
using System.Globalization;

namespace Sandbox.Server.Tests;

/// <summary>What a finished program left.</summary>
internal sealed record Finished(int ExitCode, string Output, string Error);

/// <summary>Runs <c>sandboxd</c> from outside, as the module does.</summary>
internal static class CommandLine
{
    /// <summary>Starts it and leaves it running.</summary>
    public static Process Begin(string programs, uint user, IReadOnlyDictionary<string, string?> environment, params IEnumerable<string> arguments) =>
        Begin([], programs, user, environment, arguments);

    /// <summary>Starts it through another program and leaves it running.</summary>
    public static Process Begin(
        IEnumerable<string> through, string programs, uint user, IReadOnlyDictionary<string, string?> environment, IEnumerable<string> arguments)
    {
        string id = user.ToString(CultureInfo.InvariantCulture);
        string[] asUser = Host.IsRoot && user != 0 ? ["setpriv", "--reuid", id, "--regid", id, "--clear-groups", "--"] : [];
        string[] command = [.. through, .. asUser, Path.Combine(programs, "sandboxd"), .. arguments];
        ProcessStartInfo start = new(command[0], command[1..])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = "/",
        };

        // What the tests were started with must not change what is tested.
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

    /// <summary>Runs it to its end.</summary>
    public static Task<Finished> RunAsync(string programs, uint user, IReadOnlyDictionary<string, string?> environment, params IEnumerable<string> arguments) =>
        RunAsync([], programs, user, environment, arguments);

    /// <summary>Runs it through another program to its end.</summary>
    public static async Task<Finished> RunAsync(
        IEnumerable<string> through, string programs, uint user, IReadOnlyDictionary<string, string?> environment, IEnumerable<string> arguments)
    {
        using Process process = Begin(through, programs, user, environment, arguments);
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

        return new Finished(process.ExitCode, await output, await error);
    }

    private static bool IsSetting(string name) =>
        name.StartsWith("SANDBOX_", StringComparison.Ordinal) || name.StartsWith("XDG_", StringComparison.Ordinal);
}
