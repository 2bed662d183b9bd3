using System.Diagnostics;
using Sandbox.Protocol;

namespace Sandbox.Client.Tests;

/// <summary>A server's socket that another user's process listens at.</summary>
public sealed class SocketPeerTests : IDisposable
{
    private const string Nobody = "65534";

    private readonly string _directory = Directory.CreateTempSubdirectory("sbp").FullName;

    [Fact]
    public async Task Server_of_another_user_is_refused_before_anything_is_sent()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "NOT TESTED: the owner of a server's socket, since only root can start a server as another user.");
        File.SetUnixFileMode(_directory, (UnixFileMode)0x1ff /* 0777 */);
        string socket = Path.Combine(_directory, "s");
        const string listener = """
            import socket, sys
            server = socket.socket(socket.AF_UNIX)
            server.bind(sys.argv[1])
            server.listen()
            print("ready", flush=True)
            print(server.accept()[0].recv(1), flush=True)
            """;
        using Process process = Process.Start(
            new ProcessStartInfo("setpriv", ["--reuid", Nobody, "--regid", Nobody, "--clear-groups", "--", "python3", "-c", listener, socket])
            {
                RedirectStandardOutput = true,

                // A program in root's home would not be found.
                Environment = { ["PATH"] = "/usr/bin:/bin" },
            })!;
        Assert.Equal("ready", await process.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken));
        ApiException failure = await Assert.ThrowsAsync<ApiException>(
            () => new SandboxClient(ServerEndpoint.Parse($"unix:{socket}")).GetSandboxesAsync(TestContext.Current.CancellationToken));
        Assert.Equal(ErrorCodes.ServerNotTrusted, failure.Code);
        Assert.Contains($"belongs to the user {Nobody}", failure.Message, StringComparison.Ordinal);
        Assert.Equal("b''", await process.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken));
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
    }

    public void Dispose() => Directory.Delete(_directory, recursive: true);
}
