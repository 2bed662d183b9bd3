using System.ComponentModel;
using System.Runtime.InteropServices;
using System.Text.Json;
using Sandbox.Linux;
using Sandbox.Protocol;
using Sandbox.Server.Api;
using Sandbox.Server.Engines.Bubblewrap;
using Sandbox.Server.Infrastructure;
using Sandbox.Server.Sandboxes;
using Sandbox.ServerProgram;

namespace Sandbox.Server.Lifecycle;

/// <summary><c>sandboxd serve</c>: the server itself. Its end, however it comes, ends no sandbox of anybody's.</summary>
internal static class ServeCommand
{
    /// <summary>The command's name.</summary>
    public const string Verb = "serve";

    /// <summary>Exit code when another server holds the home.</summary>
    public const int LockHeld = 3;

    /// <summary>What addresses of Unix sockets begin with.</summary>
    public const string UnixScheme = "unix:";

    /// <summary>Runs the command.</summary>
    /// <param name="arguments">What follows the command's name.</param>
    /// <returns>The exit code.</returns>
    public static async Task<int> RunAsync(string[] arguments)
    {
        try
        {
            // Sandboxes inherit it; the server's own files say what they permit.
            CurrentProcess.SetFileMask(UnixFileMode.GroupWrite | UnixFileMode.OtherWrite);
            ServeOptions options = ServeOptions.Parse(arguments);
            ServerHome home = ServerHome.Open();
            using FileLock? held = FileLock.TryTake(home.LockFile);
            if (held is null)
            {
                ServerLog.Write("Another server holds this home; this one ends.");
                return LockHeld;
            }

            CurrentProcess.LeaveTerminal();
            await ServeAsync(home, options);
            return 0;
        }
        catch (Exception exception) when (exception is ArgumentException or IOException or Win32Exception or UnauthorizedAccessException or ApiException)
        {
            // For whoever started it; the sentence is enough.
            ServerLog.Write(exception.Message);
            return 1;
        }
    }

    private static async Task ServeAsync(ServerHome home, ServeOptions options)
    {
        SocketThreads.Serve();
        string build = AgentProgram.BuildIdentity(AppContext.BaseDirectory);
        using CancellationTokenSource leaving = new();
        using PosixSignalRegistration hangUp = PosixSignalRegistration.Create(PosixSignal.SIGHUP, context => context.Cancel = true);
        using PosixSignalRegistration terminate = LeaveOn(PosixSignal.SIGTERM, leaving);
        using PosixSignalRegistration interrupt = LeaveOn(PosixSignal.SIGINT, leaving);
        using SandboxLauncher launcher = new(home, build);
        IdleTracker clock = new();
        using OwnerProcessMonitor owners = new(clock.Hold);
        UidAllocator numbers = new(home);
        await using SandboxPool spares = new(launcher, numbers, options.PoolSize);
        SandboxRegistry registry = new(launcher, numbers, spares, owners);
        await registry.AdoptAsync();

        await using WebApplication web = WebHost.Create(home, options, registry, new ServerInfoProvider(build, launcher), clock, leaving.Cancel);
        await web.StartAsync();
        ServerLog.Write($"Version {ServerInfoProvider.Version}, build {build}, process {Environment.ProcessId}, listens at {string.Join(" and ", web.Urls)}.");
        SayReady(home, options, build);
        try
        {
            await clock.WaitForSilenceAsync(options.IdleExit, leaving.Token);
            ServerLog.Write($"Leaves, since nobody called for {options.IdleExit.TotalSeconds} seconds.");
        }
        catch (OperationCanceledException)
        {
            ServerLog.Write("Leaves, since it was told to.");
        }

        // Streams are broken off; their clients go on with the next server.
        using CancellationTokenSource patience = new(TimeSpan.FromMilliseconds(500));
        await web.StopAsync(patience.Token);
    }

    private static void SayReady(ServerHome home, ServeOptions options, string build)
    {
        ReadyLine line = new(UnixScheme + home.Socket, ServerInfoProvider.Version, build, Environment.ProcessId, home.LogFile, Started: true);
        AtomicFile.Write(home.ReadyFile, line, ProtocolJson.Default.ReadyLine);
        if (options.ReadyDescriptor is { } number)
        {
            using FileDescriptor ready = FileDescriptor.Inherited(number);
            ready.WriteAll([.. JsonSerializer.SerializeToUtf8Bytes(line, ProtocolJson.Default.ReadyLine), (byte)'\n']);
        }
    }

    private static PosixSignalRegistration LeaveOn(PosixSignal signal, CancellationTokenSource leaving) => PosixSignalRegistration.Create(signal, context =>
    {
        context.Cancel = true;
        leaving.Cancel();
    });
}
