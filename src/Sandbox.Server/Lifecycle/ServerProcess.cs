using System.Collections;
using Sandbox.Linux;
using Sandbox.Server.Infrastructure;

namespace Sandbox.Server.Lifecycle;

/// <summary>Starts this program again as a server.</summary>
internal static class ServerProcess
{
    private const int ReadyDescriptor = 3;
    private const long MaxLogLength = 1 << 20;

    /// <summary>Starts <c>sandboxd serve</c>, detached from this process and its terminal.</summary>
    /// <param name="logFile">The log, which is rotated when it is long.</param>
    /// <param name="ready">Where the server writes its ready message.</param>
    public static ChildProcess Start(string logFile, FileDescriptor ready)
    {
        string program = Environment.ProcessPath ?? throw new InvalidOperationException("The path of this program is unknown.");
        string[] host = Path.GetFileName(program) == "dotnet" ? [Path.Combine(AppContext.BaseDirectory, "sandboxd.dll")] : [];
        if (new FileInfo(logFile) is { Exists: true, Length: > MaxLogLength })
        {
            File.Move(logFile, logFile + ".old", overwrite: true);
        }

        using FileDescriptor output = FileDescriptor.OpenLog(logFile);
        using FileDescriptor none = FileDescriptor.OpenNull();
        return ChildProcess.Start(new ChildProcessOptions
        {
            Path = program,
            Arguments = [.. host, ServeCommand.Verb, "--ready-fd", $"{ReadyDescriptor}"],
            Environment = new Dictionary<string, string>(Environment.GetEnvironmentVariables().Cast<DictionaryEntry>()
                .Select(pair => KeyValuePair.Create((string)pair.Key, (string?)pair.Value ?? "")))
            {
                // No diagnostic socket when this program is framework-dependent.
                ["DOTNET_EnableDiagnostics"] = "0",
            },
            WorkingDirectory = "/",
            Descriptors = new Dictionary<int, FileDescriptor> { [0] = none, [1] = output, [2] = output, [ReadyDescriptor] = ready },
        });
    }

    /// <summary>Waits for a child's exit and returns its exit code, or null when it is still running.</summary>
    public static async Task<int?> WaitAsync(ChildProcess child, TimeSpan limit)
    {
        try
        {
            await SharedEventLoop.WaitForExitAsync(child.Handle, limit);
            return child.TryWait()?.ExitCode;
        }
        catch (TimeoutException)
        {
            return null;
        }
    }
}
