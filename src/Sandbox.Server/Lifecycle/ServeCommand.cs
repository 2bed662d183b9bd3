using System.ComponentModel;
using System.Runtime.InteropServices;
using System.Text.Json;
using Sandbox.Linux;
using Sandbox.Protocol;
using Sandbox.Server.Api;
using Sandbox.Server.Engines;
using Sandbox.Server.Engines.Bubblewrap;
using Sandbox.Server.Infrastructure;
using Sandbox.Server.Sandboxes;

namespace Sandbox.Server.Lifecycle;

/// <summary><c>sandboxd serve</c>: runs the server. Sandboxes keep running when it exits or is killed.</summary>
internal static class ServeCommand
{
    public const string Verb = "serve";

    /// <summary>The exit code when another server has locked the home.</summary>
    public const int LockHeld = 3;

    /// <summary>The prefix of Unix socket addresses.</summary>
    public const string UnixScheme = "unix:";

    /// <summary>Runs the command and returns the exit code.</summary>
    public static async Task<int> RunAsync(string[] arguments)
    {
        try
        {
            // Sandboxes inherit it; the server sets the permissions of its own files.
            CurrentProcess.SetFileMask(UnixFileMode.GroupWrite | UnixFileMode.OtherWrite);
            ServeOptions options = ServeOptions.Parse(arguments);
            ServerHome home = ServerHome.Open(Environment.GetEnvironmentVariable(ServerHome.Variable));
            using FileLock? held = FileLock.TryTake(home.LockFile);
            if (held is null)
            {
                ServerLog.Write("Another server uses this home; this one exits.");
                return LockHeld;
            }

            CurrentProcess.LeaveTerminal();
            await ServeAsync(home, options);
            return 0;
        }
        catch (Exception exception) when (exception is ArgumentException or IOException or Win32Exception or UnauthorizedAccessException or ApiException)
        {
            // The message is for the user who started it.
            ServerLog.Write(exception.Message);
            return 1;
        }
    }

    private static async Task ServeAsync(ServerHome home, ServeOptions options)
    {
        InlineSocketScheduling.Enable();
        string build = BuildFiles.ComputeIdentity(AppContext.BaseDirectory);
        using CancellationTokenSource exiting = new();
        using PosixSignalRegistration hangUp = PosixSignalRegistration.Create(PosixSignal.SIGHUP, context => context.Cancel = true);
        using PosixSignalRegistration terminate = ExitOn(PosixSignal.SIGTERM, exiting);
        using PosixSignalRegistration interrupt = ExitOn(PosixSignal.SIGINT, exiting);
        using BubblewrapEngine bubblewrap = new(home, build);
        EngineCatalog engines = new(bubblewrap);
        SandboxLauncher launcher = new();
        DirectoryAllocator allocator = new(home);
        IdleTracker idle = new();
        await using SandboxPool pool = new(engines.Default, launcher, allocator, options.PoolSize);
        SandboxRegistry registry = new(home, engines, launcher, allocator, pool, idle.Hold);
        await registry.AdoptAsync();

        await using WebApplication web = WebHost.Create(home, options.Listen, registry, new ServerInfoProvider(build, engines), idle, exiting.Cancel);
        await web.StartAsync();
        ServerLog.Write($"Version {ServerInfoProvider.Version}, build {build}, process {Environment.ProcessId}, at {string.Join(" and ", web.Urls)}.");
        ReportReady(home, options, build);
        try
        {
            await idle.WaitUntilIdleAsync(options.IdleExit, exiting.Token);
            ServerLog.Write($"Exiting after {options.IdleExit.TotalSeconds} seconds without a request.");
        }
        catch (OperationCanceledException)
        {
            ServerLog.Write("Exiting on request.");
        }

        // Open streams are aborted; their clients resume at the next server.
        using CancellationTokenSource limit = new(TimeSpan.FromMilliseconds(500));
        await web.StopAsync(limit.Token);
    }

    private static void ReportReady(ServerHome home, ServeOptions options, string build)
    {
        ReadyMessage message = new(UnixScheme + home.Socket, ServerInfoProvider.Version, build, Environment.ProcessId, home.LogFile, Started: true);
        AtomicFile.WriteJson(home.ReadyFile, message, ProtocolJson.Default.ReadyMessage);
        if (options.ReadyDescriptor is { } number)
        {
            using FileDescriptor ready = FileDescriptor.Inherited(number);
            ready.WriteAll([.. JsonSerializer.SerializeToUtf8Bytes(message, ProtocolJson.Default.ReadyMessage), (byte)'\n']);
        }
    }

    private static PosixSignalRegistration ExitOn(PosixSignal signal, CancellationTokenSource exiting) => PosixSignalRegistration.Create(signal, context =>
    {
        context.Cancel = true;
        exiting.Cancel();
    });
}
