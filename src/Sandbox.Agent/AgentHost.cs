using Sandbox.Linux;

namespace Sandbox.Agent;

/// <summary>The agent as a program: an HTTP server on a socket that the server created and passed on.</summary>
internal static class AgentHost
{
    /// <summary>Serves until the process is killed.</summary>
    public static async Task<int> RunAsync(int listener)
    {
        // Code in the sandbox runs as the same user: it must not trace this process, nor inherit its socket.
        CurrentProcess.SetNonDumpable();
        InlineSocketScheduling.Enable();
        using FileDescriptor socket = FileDescriptor.Inherited(listener);
        using AgentComposition agent = new(new AgentPaths(), failure => Console.Error.WriteLine(failure));
        await using AgentServer server = await AgentServer.StartAsync(agent, options => options.ListenHandle((ulong)socket.Number));
        await Task.Delay(Timeout.InfiniteTimeSpan);
        return 0;
    }
}
