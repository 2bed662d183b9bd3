using System.Diagnostics;
using System.Text.RegularExpressions;

namespace Sandbox.Tests;

/// <summary>A server selected by SANDBOX_URI, with an API key.</summary>
public sealed partial class RemoteServerTests : IDisposable
{
    private const string Key = "k3y-for-this-test-0123456789abcdef";

    private readonly TestHome _home = new();
    private readonly TestHome _elsewhere = new();
    private readonly string _uri;
    private readonly Process _server;

    public RemoteServerTests()
    {
        string program = Directory.EnumerateFiles(Path.Combine(Paths.ModuleFolder, "server"), "sandboxd", SearchOption.AllDirectories).Single();
        _server = Process.Start(new ProcessStartInfo(program, ["serve", "--listen", "http://127.0.0.1:0"])
        {
            RedirectStandardError = true,
            Environment = { ["SANDBOX_HOME"] = _home.Folder, ["SANDBOX_API_KEY"] = Key },
        })!;
        TaskCompletionSource<string> address = new(TaskCreationOptions.RunContinuationsAsynchronously);
        _server.ErrorDataReceived += (_, e) =>
        {
            if (Address().Match(e.Data ?? "") is { Success: true } found)
            {
                address.TrySetResult(found.Value);
            }
        };
        _server.BeginErrorReadLine();
        _uri = address.Task.WaitAsync(Wait.Limit).GetAwaiter().GetResult();
    }

    [Fact]
    public void SANDBOX_URI_and_SANDBOX_API_KEY_select_a_server_and_start_no_other()
    {
        (int code, string output, string errors) = Run(
            "$s = New-SandboxSession far; $s.Server; $s | Invoke-SandboxCommand 'echo $((6 * 7))'; Invoke-SandboxCommand true -Verbose",
            ("SANDBOX_API_KEY", Key));
        Assert.Equal(0, code);
        Assert.StartsWith($"{_uri}\n42\n", output, StringComparison.Ordinal);
        Assert.Contains($"VERBOSE: Using the server '{_uri}' from SANDBOX_URI.", output, StringComparison.Ordinal);
        Assert.DoesNotContain(Key, output + errors, StringComparison.Ordinal);
        Assert.False(_elsewhere.HasServer);
    }

    [Fact]
    public void Wrong_key_is_one_error()
    {
        (int code, string output, string errors) = Run(
            "Get-Sandbox a, b; $Error.FullyQualifiedErrorId; $Error.CategoryInfo.Category", ("SANDBOX_API_KEY", "m1staken"));
        Assert.Equal((0, "Unauthorized,Sandbox.Commands.GetSandboxCommand\nAuthenticationError\n"), (code, output));
        Assert.DoesNotContain("m1staken", errors, StringComparison.Ordinal);
    }

    [Fact]
    public void Unreachable_remote_server_is_ServerUnreachable_and_not_started()
    {
        _server.Kill();
        _server.WaitForExit();
        (_, string output, _) = Run("Get-Sandbox a, b; $Error.FullyQualifiedErrorId", ("SANDBOX_API_KEY", Key));
        Assert.Equal("ServerUnreachable,Sandbox.Commands.GetSandboxCommand\n", output);
        Assert.False(_elsewhere.HasServer);
    }

    public void Dispose()
    {
        if (!_server.HasExited)
        {
            Run("Get-Sandbox | Remove-Sandbox", ("SANDBOX_API_KEY", Key));
            TestHome.ExitServer(_server);
        }

        _server.Dispose();
        Directory.Delete(_home.Folder, recursive: true);
        _elsewhere.Dispose();
    }

    private (int ExitCode, string Output, string Errors) Run(string script, (string Name, string Value) key)
    {
        using PowerShellProcess shell = new(_elsewhere, [], script, ("SANDBOX_URI", _uri), key);
        return shell.Finish();
    }

    [GeneratedRegex("http://127[.]0[.]0[.]1:[0-9]+")]
    private static partial Regex Address();
}
