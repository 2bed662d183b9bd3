using System.Diagnostics;
using System.Runtime.InteropServices;
using Sandbox.Protocol;

namespace Sandbox.Client.Tests;

/// <summary>Start of the local server, with scripts in place of sandboxd.</summary>
public sealed class LocalServerTests : IDisposable
{
    // Runs as long as its file exists and the test process runs.
    private const string GoOn = """while [ -e "$0" ] && kill -0 "$PPID"; do sleep 0.02; done""";

    private readonly string _folder = Directory.CreateTempSubdirectory("sbc").FullName;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Ready_message_is_read_without_waiting_for_more()
    {
        Install($$"""
            echo '{"uri":"unix:/x/y","version":"1","build":"b","processId":7,"log":"/l","started":true}'
            {{GoOn}}
            """);
        ReadyMessage ready = await LocalServer.StartAsync(new ClientSettings(), _folder, Token);
        Assert.Equal(("unix:/x/y", 7, true), (ready.Uri, ready.ProcessId, ready.Started));
    }

    [Fact]
    public async Task Error_in_the_ready_message_is_thrown()
    {
        Install("""
            echo 'noise' >&2
            echo '{"error":"No bubblewrap. Install it.","code":"isolation_unavailable"}' >&2
            exit 1
            """);
        ApiException failure = await Assert.ThrowsAsync<ApiException>(() => LocalServer.StartAsync(new ClientSettings(), _folder, Token));
        Assert.Equal((ErrorCodes.IsolationUnavailable, "No bubblewrap. Install it."), (failure.Code, failure.Message));
    }

    [Fact]
    public async Task Output_of_the_program_is_the_error_when_it_gave_none()
    {
        Install("echo 'segmentation fault' >&2; exit 139");
        ApiException failure = await Assert.ThrowsAsync<ApiException>(() => LocalServer.StartAsync(new ClientSettings(), _folder, Token));
        Assert.Equal(ErrorCodes.ServerStartFailed, failure.Code);
        Assert.Contains("segmentation fault", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Missing_program_is_an_error()
    {
        ApiException failure = await Assert.ThrowsAsync<ApiException>(() => LocalServer.StartAsync(new ClientSettings(), _folder, Token));
        Assert.Equal(ErrorCodes.ServerNotInstalled, failure.Code);
    }

    [Fact]
    public void Runtime_directory_of_another_user_is_ignored()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "NOT TESTED: the owner of the runtime directory, since only root can give one away.");
        ClientSettings settings = new() { RuntimeDirectory = _folder, StateHome = $"{_folder}/state" };
        string socket = $"{_folder}/sandbox/server.sock";
        Directory.CreateDirectory($"{_folder}/sandbox");
        File.WriteAllText(socket, "");
        Assert.Equal(socket, LocalServerPaths.FindSocket(settings, isRoot: false));
        using (Process process = Process.Start("chown", ["65534", _folder]))
        {
            process.WaitForExit();
        }

        Assert.Null(LocalServerPaths.FindSocket(settings, isRoot: false));
    }

    [Fact]
    public async Task Wait_can_be_cancelled()
    {
        Install($"touch \"$0.runs\"; {GoOn}");
        using CancellationTokenSource stop = new();
        Task<ReadyMessage> starting = LocalServer.StartAsync(new ClientSettings(), _folder, stop.Token);
        await Wait.UntilAsync(() => Directory.EnumerateFiles(_folder, "*.runs", SearchOption.AllDirectories).Any(), "the server runs");
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => starting);
    }

    [Fact]
    public async Task Only_argument_is_start()
    {
        Install("""echo "{\"uri\":\"unix:/$#-$1\",\"version\":\"1\",\"build\":\"b\",\"processId\":7,\"log\":\"/l\",\"started\":true}" """);
        Assert.Equal("unix:/1-start", (await LocalServer.StartAsync(new ClientSettings(), _folder, Token)).Uri);
    }

    [Fact]
    public async Task Settings_replace_the_environment_of_the_started_program()
    {
        Install("""
            uri="unix:$SANDBOX_HOME:$XDG_STATE_HOME:${XDG_RUNTIME_DIR-unset}"
            echo "{\"uri\":\"$uri\",\"version\":\"1\",\"build\":\"b\",\"processId\":7,\"log\":\"/l\",\"started\":true}"
            """);
        ClientSettings settings = new() { Home = "/home-of-test", StateHome = "/state-of-test" };
        Assert.Equal("unix:/home-of-test:/state-of-test:unset", (await LocalServer.StartAsync(settings, _folder, Token)).Uri);
    }

    [Fact]
    public async Task Framework_dependent_server_is_started_without_diagnostic_socket()
    {
        Install("""echo "{\"uri\":\"unix:$DOTNET_EnableDiagnostics\",\"version\":\"1\",\"build\":\"b\",\"processId\":7,\"log\":\"/l\",\"started\":true}" """);
        Assert.Equal("unix:0", (await LocalServer.StartAsync(new ClientSettings(), _folder, Token)).Uri);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private void Install(string script)
    {
        string folder = Directory.CreateDirectory(Path.Combine(_folder, "server", RuntimeInformation.RuntimeIdentifier)).FullName;
        string path = Path.Combine(folder, "sandboxd");
        File.WriteAllText(path, "#!/bin/sh\n" + script + "\n");
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }
}
