using System.Diagnostics;
using System.Text.Json;
using Sandbox.Linux;
using Sandbox.Protocol;
using Sandbox.Server.Infrastructure;

namespace Sandbox.Server.Lifecycle;

/// <summary><c>sandboxd start</c>: finds this home's server or starts it, and prints one line that says where it is.</summary>
internal static class StartCommand
{
    public const string Verb = "start";

    private const int LogLines = 10;
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan UnreachableLimit = TimeSpan.FromSeconds(5);

    /// <summary>Runs the command and returns the exit code.</summary>
    public static async Task<int> RunAsync()
    {
        try
        {
            ServerHome home = ServerHome.Open(Environment.GetEnvironmentVariable(ServerHome.Variable));
            ReadyMessage ready = await FindOrStartAsync(home, BuildFiles.ComputeIdentity(AppContext.BaseDirectory));
            Console.Out.WriteLine(JsonSerializer.Serialize(ready, ProtocolJson.Default.ReadyMessage));
            return 0;
        }
        catch (Exception exception)
        {
            // The caller reads one line; users get no stack trace.
            ErrorBody error = new(exception.Message, (exception as ApiException)?.Code ?? ErrorCodes.InternalError);
            Console.Error.WriteLine(JsonSerializer.Serialize(error, ProtocolJson.Default.ErrorBody));
            return 1;
        }
    }

    private static async Task<ReadyMessage> FindOrStartAsync(ServerHome home, string build)
    {
        RunningServer running = new(home);
        long start = Stopwatch.GetTimestamp();
        bool isTerminated = false;
        while (true)
        {
            if (await running.GetInfoAsync() is { } server)
            {
                if (server.Build == build)
                {
                    string uri = running.Record?.Uri ?? ServeCommand.UnixScheme + home.Socket;
                    return new ReadyMessage(uri, server.Version, server.Build, server.ProcessId, home.LogFile, Started: false);
                }

                await running.RequestExitAsync();
            }

            if (await TryStartAsync(home) is { } ready)
            {
                return ready;
            }

            // Another server has the lock: one that is starting or exiting. Neither takes long.
            TimeSpan elapsed = Stopwatch.GetElapsedTime(start);
            if (elapsed > UnreachableLimit && !isTerminated)
            {
                await running.TerminateIfUnreachableAsync();
                isTerminated = true;
            }

            if (elapsed > StartLimit)
            {
                throw Failed(home, "Another server uses this home and neither answers nor exits.");
            }

            await Task.Delay(50);
        }
    }

    /// <summary>Starts a server, or returns null when another one has the lock.</summary>
    private static async Task<ReadyMessage?> TryStartAsync(ServerHome home)
    {
        FileDescriptor.CreatePipe(out FileDescriptor reader, out FileDescriptor writer);
        using FileDescriptor pipe = reader;
        ChildProcess child;
        using (writer)
        {
            child = ServerProcess.Start(home.LogFile, writer);
        }

        using (child)
        {
            try
            {
                if (await SharedEventLoop.ReadAsync(pipe, static _ => false, StartLimit) is { Length: > 0 } line)
                {
                    return JsonSerializer.Deserialize(line, ProtocolJson.Default.ReadyMessage);
                }
            }
            catch (TimeoutException)
            {
                child.Send(Signal.KILL);
                throw Failed(home, $"The server was not ready within {StartLimit.TotalSeconds} seconds.");
            }

            int? code = await ServerProcess.WaitAsync(child, StartLimit);
            return code == ServeCommand.LockHeld ? null : throw Failed(home, $"The server exited with code {code} before it was ready.");
        }
    }

    private static ApiException Failed(ServerHome home, string reason)
    {
        using FileStream file = new(home.LogFile, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        using StreamReader reader = new(file);
        IEnumerable<string> last = reader.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries).TakeLast(LogLines);
        return new ApiException(ErrorCodes.InternalError, $"{reason} The last lines of its log '{home.LogFile}': {string.Join(" | ", last)}");
    }
}
