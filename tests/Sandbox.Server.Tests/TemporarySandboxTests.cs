using System.Diagnostics;
using Sandbox.Linux;
using Sandbox.Server.Engines.Bubblewrap;

namespace Sandbox.Server.Tests;

/// <summary>Sandboxes that are removed when the process that created them exits.</summary>
public sealed class TemporarySandboxTests
{
    private const string OwnerScript = """
        import socket, sys
        print("ready", flush=True)
        for line in sys.stdin:
            try:
                with socket.socket(socket.AF_UNIX) as s:
                    s.connect(sys.argv[1])
                    body = '{"id":"t","temporary":true}'
                    s.sendall(f"POST /v1/sandbox HTTP/1.1\r\nHost: s\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode())
                    print(s.recv(65536).decode().split("\r\n")[0], flush=True)
            except OSError:
                print(flush=True)
        """;

    [Fact]
    public async Task Temporary_sandbox_is_removed_when_its_owner_process_has_exited()
    {
        await using TestServer server = await TestServer.StartAsync(ServerUser.Ordinary);
        using Process maker = await CreateAsync(server);
        Assert.True(await ExistsAsync(server));
        maker.Kill();
        await Wait.UntilAsync(async () => !await ExistsAsync(server), "the sandbox is gone");
        await Wait.UntilAsync(() => !server.Records().Any(), "its files are gone");
    }

    [Fact]
    public async Task New_server_removes_temporary_sandboxes_whose_owner_exited_meanwhile()
    {
        await using TestServer server = await TestServer.StartAsync(ServerUser.Ordinary);
        using (Process maker = await CreateAsync(server))
        {
            await server.KillAsync();
            await server.StartAsync();
            Assert.True(await ExistsAsync(server));
            maker.Kill();
            await Wait.UntilAsync(async () => !await ExistsAsync(server), "the sandbox is gone");
        }

        using Process next = await CreateAsync(server);
        await server.KillAsync();
        next.Kill();
        await next.WaitForExitAsync();
        await server.StartAsync();
        await Wait.UntilAsync(async () => !await ExistsAsync(server), "the sandbox is gone");
    }

    [Fact]
    public async Task Server_runs_as_long_as_the_owner_of_a_temporary_sandbox()
    {
        await using TestServer server = TestServer.Prepare(ServerUser.Ordinary);

        // It takes longer to start than the server may be idle.
        using Process maker = await StartMakerAsync(server);
        (ProcessEntry? process, _) = await server.StartWithShortIdleExitAsync(() => TryCreateAsync(maker));
        await TestServer.OutlastShortIdleExitAsync();
        Assert.True(await ExistsAsync(server));
        maker.Kill();
        await TestServer.WaitUntilExitedAsync(process!.Value);
        Assert.Empty(server.Records());
    }

    private static async Task<bool> ExistsAsync(TestServer server) =>
        (await server.Client.GetStringAsync("v1/sandbox")).Contains("\"t\"", StringComparison.Ordinal);

    private static async Task<Process> CreateAsync(TestServer server)
    {
        Process maker = await StartMakerAsync(server);
        Assert.NotNull(await TryCreateAsync(maker));
        return maker;
    }

    /// <summary>Starts a process that creates the sandbox on demand.</summary>
    private static async Task<Process> StartMakerAsync(TestServer server)
    {
        string? python = ExecutableLocator.Find("python3");
        Assert.SkipWhen(python is null, "NOT TESTED: temporary sandboxes, since python3, which creates them here, is not installed.");
        Process maker = Process.Start(new ProcessStartInfo(
            python, ["-c", OwnerScript, $"{server.Home}/run/server.sock"]) { RedirectStandardInput = true, RedirectStandardOutput = true })!;
        Assert.Equal("ready", await maker.StandardOutput.ReadLineAsync());
        return maker;
    }

    /// <summary>Lets a process create the sandbox; returns null when it found no server.</summary>
    private static async Task<string?> TryCreateAsync(Process maker)
    {
        await maker.StandardInput.WriteLineAsync();
        await maker.StandardInput.FlushAsync();
        string? status = await maker.StandardOutput.ReadLineAsync();
        Assert.NotNull(status);
        if (status.Length == 0)
        {
            return null;
        }

        Assert.Equal("HTTP/1.1 200 OK", status);
        return status;
    }
}
