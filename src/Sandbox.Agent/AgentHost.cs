using Sandbox.Linux;

namespace Sandbox.Agent;

/// <summary>The agent as a program: an HTTP server on a socket that the server created and passed on.</summary>
internal static class AgentHost
{
    /// <summary>Serves until the process is killed.</summary>
    /// <param name="listener">The socket.</param>
    /// <param name="startSignal">A pipe with one byte; at its end without one, the server exited before it had isolated the sandbox.</param>
    /// <param name="log">The file for error messages. Until the agent is closed to other processes, only it has this file: code in the sandbox could open
    /// the standard output of its other processes.</param>
    /// <param name="processLimit">The maximum number of processes and threads of the sandbox.</param>
    /// <param name="confine">Whether what the agent starts is kept apart from it, see <see cref="Landlock"/>.</param>
    public static async Task<int> RunAsync(int listener, int startSignal, int log, long processLimit, bool confine)
    {
        using (FileDescriptor file = FileDescriptor.Inherited(log))
        {
            CurrentProcess.SetOutput(file);
        }

        using (FileDescriptor start = FileDescriptor.Inherited(startSignal))
        {
            if (start.Read(new byte[1]) == 0)
            {
                return 1;
            }
        }

        // Code in the sandbox runs as the same user: it must not trace this process, nor inherit its socket.
        CurrentProcess.SetNonDumpable();
        CurrentProcess.LimitResources(processLimit);
        if (confine)
        {
            ChildProcess.ConfineChildren();
        }

        InlineSocketScheduling.Enable();
        using FileDescriptor socket = FileDescriptor.Inherited(listener);
        using AgentComposition agent = new(new AgentPaths(), failure => Console.Error.WriteLine(failure));
        await using AgentServer server = await AgentServer.StartAsync(agent, options => options.ListenHandle((ulong)socket.Number));
        await Task.Delay(Timeout.InfiniteTimeSpan);
        return 0;
    }
}
