using Sandbox.Linux;

namespace Sandbox.Benchmarks.Hosting;

/// <summary>Baselines: programs started without a sandbox.</summary>
internal static class Programs
{
    public const string Bash = "/bin/bash";

    private static readonly Dictionary<string, string> Surroundings = new() { ["PATH"] = "/usr/local/bin:/usr/bin:/bin", ["LANG"] = "C.UTF-8" };

    /// <summary>Runs a program by posix_spawn and waits for its exit.</summary>
    public static Task RunAsync(string path, params string[] arguments)
    {
        using FileDescriptor nothing = FileDescriptor.OpenNull();
        using ChildProcess process = Start(path, arguments, nothing, nothing);
        process.Collect();
        return Task.CompletedTask;
    }

    public static ChildProcess Start(string path, IReadOnlyList<string> arguments, FileDescriptor input, FileDescriptor output)
    {
        using FileDescriptor nothing = FileDescriptor.OpenNull();
        return ChildProcess.Start(new()
        {
            Path = path,
            Arguments = arguments,
            Environment = Surroundings,
            Descriptors = new Dictionary<int, FileDescriptor> { [0] = input, [1] = output, [2] = nothing },
        });
    }
}
