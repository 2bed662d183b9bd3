using System.Diagnostics;
using Sandbox.Linux;

namespace Sandbox.Server.Lifecycle;

/// <summary>Starts this very program again, as a server of its own.</summary>
internal static class ServerProcess
{
    private const int ReadyDescriptor = 3;
    private const long LongLog = 1 << 20;

    /// <summary>Starts <c>sandboxd serve</c>, detached from this process and its terminal.</summary>
    /// <param name="logFile">Where it logs to.</param>
    /// <param name="ready">Where it writes its ready line.</param>
    public static ChildProcess Start(string logFile, FileDescriptor ready)
    {
        string program = Environment.ProcessPath ?? throw new InvalidOperationException("This process does not know its program.");
        string[] host = Path.GetFileName(program) == "dotnet" ? [Path.Combine(AppContext.BaseDirectory, "sandboxd.dll")] : [];
        if (new FileInfo(logFile) is { Exists: true, Length: > LongLog })
        {
            File.Move(logFile, logFile + ".old", overwrite: true);
        }

        using FileDescriptor output = FileDescriptor.OpenLog(logFile);
        using FileDescriptor none = FileDescriptor.OpenNull();
        return ChildProcess.Start(new ChildProcessOptions
        {
            Path = program,
            Arguments = [.. host, ServeCommand.Verb, "--ready-fd", $"{ReadyDescriptor}"],
            Environment = OwnEnvironment(),
            WorkingDirectory = "/",
            Descriptors = new Dictionary<int, FileDescriptor> { [0] = none, [1] = output, [2] = output, [ReadyDescriptor] = ready },
        });
    }

    /// <summary>Waits for a child's end.</summary>
    /// <param name="child">The child.</param>
    /// <param name="limit">How long.</param>
    /// <returns>Its exit code, or null when it lives on.</returns>
    public static async Task<int?> WaitAsync(ChildProcess child, TimeSpan limit)
    {
        long start = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(start) < limit)
        {
            if (child.TryWait() is { } status)
            {
                return status.ExitCode;
            }

            await Task.Delay(2);
        }

        return null;
    }

    private static Dictionary<string, string> OwnEnvironment() => Environment.GetEnvironmentVariables()
        .Cast<System.Collections.DictionaryEntry>()
        .ToDictionary(pair => (string)pair.Key, pair => (string?)pair.Value ?? "");
}
