using Sandbox.Linux;
using Sandbox.Server.Infrastructure;

namespace Sandbox.Server.Engines.Bubblewrap;

/// <summary>Runs programs in namespaces of a sandbox by <c>nsenter</c>, with the host's files.</summary>
internal static class NamespaceTool
{
    /// <summary>Returns the arguments that enter a user namespace as its administrator.</summary>
    public static string[] EnterUser(int descriptor) =>
        // A root server thereby becomes the sandbox's user; another server's user is the namespace's administrator already.
        CurrentProcess.EffectiveUserId == 0 ? [$"--user=/proc/self/fd/{descriptor}"] : [$"--user=/proc/self/fd/{descriptor}", "--preserve-credentials"];

    /// <summary>Runs <c>nsenter</c> to its end.</summary>
    /// <exception cref="TimeoutException">It did not end in time and was killed.</exception>
    public static async Task<(int ExitCode, string Output)> RunAsync(
        IReadOnlyList<string> arguments, TimeSpan limit, Dictionary<int, FileDescriptor> descriptors)
    {
        FileDescriptor.CreatePipe(out FileDescriptor read, out FileDescriptor write);
        using FileDescriptor reader = read;
        ChildProcess started;
        using (write)
        {
            started = Start(arguments, new(descriptors) { [1] = write, [2] = write });
        }

        using ChildProcess tool = started;
        try
        {
            string output = await SharedEventLoop.ReadAsync(reader, static _ => false, limit);
            await SharedEventLoop.WaitForExitAsync(tool.Handle, limit);
            return (tool.TryWait()!.Value.ExitCode, output);
        }
        catch (TimeoutException)
        {
            tool.Send(Signal.KILL);
            await SharedEventLoop.WaitForExitAsync(tool.Handle, Timeout.InfiniteTimeSpan);
            tool.TryWait();
            throw;
        }
    }

    /// <summary>Starts <c>nsenter</c>.</summary>
    public static ChildProcess Start(IReadOnlyList<string> arguments, Dictionary<int, FileDescriptor> descriptors) => ChildProcess.Start(new ChildProcessOptions
    {
        Path = ExecutableLocator.Find("nsenter") ?? throw IsolationException.MissingProgram("nsenter (util-linux)", "util-linux"),
        Arguments = arguments,
        Environment = new Dictionary<string, string>(),
        WorkingDirectory = "/",
        Descriptors = descriptors,
    });
}
