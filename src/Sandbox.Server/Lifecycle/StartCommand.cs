using System.Diagnostics;
using System.Text;
using System.Text.Json;
using Sandbox.Linux;
using Sandbox.Protocol;
using Sandbox.Server.Engines.Bubblewrap;
using Sandbox.Server.Infrastructure;

namespace Sandbox.Server.Lifecycle;

/// <summary><c>sandboxd start</c>: finds this home's server or starts it, and says where it is in one line.</summary>
internal static class StartCommand
{
    /// <summary>The command's name.</summary>
    public const string Verb = "start";

    private const int LogLines = 10;
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan UnreachableLimit = TimeSpan.FromSeconds(5);

    /// <summary>Runs the command.</summary>
    /// <returns>The exit code.</returns>
    public static async Task<int> RunAsync()
    {
        try
        {
            ServerHome home = ServerHome.Open();
            ReadyLine ready = await FindOrStartAsync(home, AgentProgram.BuildIdentity(AppContext.BaseDirectory));
            Console.Out.WriteLine(JsonSerializer.Serialize(ready, ProtocolJson.Default.ReadyLine));
            return 0;
        }
        catch (Exception exception)
        {
            // The one line that the caller reads; there is no stack trace for users.
            ErrorBody told = new(exception.Message, (exception as ApiException)?.Code ?? ErrorCodes.InternalError);
            Console.Error.WriteLine(JsonSerializer.Serialize(told, ProtocolJson.Default.ErrorBody));
            return 1;
        }
    }

    private static async Task<ReadyLine> FindOrStartAsync(ServerHome home, string build)
    {
        RunningServer running = new(home);
        long start = Stopwatch.GetTimestamp();
        bool isTold = false;
        while (true)
        {
            if (await running.AskAsync() is { } server)
            {
                if (server.Build == build)
                {
                    string uri = running.Record?.Uri ?? ServeCommand.UnixScheme + home.Socket;
                    return new ReadyLine(uri, server.Version, server.Build, server.ProcessId, home.LogFile, Started: false);
                }

                await running.AskToLeaveAsync();
            }

            if (await TryStartAsync(home) is { } ready)
            {
                return ready;
            }

            // Another server holds the lock: one that starts, or one that leaves. Either is soon over.
            TimeSpan elapsed = Stopwatch.GetElapsedTime(start);
            if (elapsed > UnreachableLimit && !isTold)
            {
                await running.TellToLeaveIfUnreachableAsync();
                isTold = true;
            }

            if (elapsed > StartLimit)
            {
                throw Failed(home, "Another server holds this home and neither answers nor ends.");
            }

            await Task.Delay(50);
        }
    }

    /// <summary>Starts a server; null when another holds the lock.</summary>
    private static async Task<ReadyLine?> TryStartAsync(ServerHome home)
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
            Task<string> reading = Task.Run(() => ReadAll(pipe));
            if (await Task.WhenAny(reading, Task.Delay(StartLimit)) != reading)
            {
                child.Send(Signal.KILL);
                throw Failed(home, $"The server was not ready within {StartLimit.TotalSeconds} seconds.");
            }

            if (await reading is { Length: > 0 } line)
            {
                return JsonSerializer.Deserialize(line, ProtocolJson.Default.ReadyLine);
            }

            int? code = await ServerProcess.WaitAsync(child, StartLimit);
            return code == ServeCommand.LockHeld ? null : throw Failed(home, $"The server ended with code {code} before it was ready.");
        }
    }

    private static string ReadAll(FileDescriptor pipe)
    {
        List<byte> text = [];
        byte[] buffer = new byte[1024];
        while (pipe.Read(buffer) is > 0 and var count)
        {
            text.AddRange(buffer.AsSpan(0, count));
        }

        return Encoding.UTF8.GetString([.. text]);
    }

    private static ApiException Failed(ServerHome home, string reason)
    {
        using FileStream file = new(home.LogFile, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        using StreamReader reader = new(file);
        IEnumerable<string> last = reader.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries).TakeLast(LogLines);
        return new ApiException(ErrorCodes.InternalError, $"{reason} Its log, '{home.LogFile}', ends: {string.Join(" | ", last)}");
    }
}
