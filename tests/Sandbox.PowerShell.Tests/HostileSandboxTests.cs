using System.Formats.Tar;
using System.Net;

namespace Sandbox.Tests;

/// <summary>What hostile code in a sandbox can answer in place of its agent.</summary>
public sealed class HostileSandboxTests : IDisposable
{
    private const string Created = "\"createdAt\":\"2026-01-01T00:00:00Z\"";

    private readonly PowerShellEngine _engine = new();
    private readonly Dictionary<string, Func<HttpListenerRequest, Task<StubAnswer>>> _answers = [];
    private readonly HttpStub _server;

    public HostileSandboxTests()
    {
        _server = new(request => _answers.TryGetValue(request.Url!.AbsolutePath, out Func<HttpListenerRequest, Task<StubAnswer>>? answer)
            ? answer(request)
            : Task.FromResult(new StubAnswer("""{"code":"route_not_found","error":"The test defines no answer."}""", 404)));
        Answer("/v1/server", new(
            """{"name":"sandboxd","version":"0.1.0","build":"b","apiVersion":"v1","capabilities":[],"abilities":[]}""", IsFromSandbox: false));
        _ = _engine.Run("Connect-SandboxServer $Uri", ("Uri", _server.Uri)).Clean;
    }

    [Fact]
    public void Unauthorized_from_a_sandbox_does_not_stop_the_pipeline()
    {
        Answer("/v1/sandbox/bad/session/s", new("""{"code":"unauthorized","error":"No."}""", 401));
        Answer("/v1/sandbox/good/session/s", new(Session("s")));
        ScriptResult result = _engine.Run("'bad/s', 'good/s' | Get-SandboxSession");
        Assert.Equal("Unauthorized", result.ErrorId);
        Assert.Equal("good/s", Assert.Single(result.Output).ToString());
    }

    [Fact]
    public void Unauthorized_from_the_server_stops_the_pipeline()
    {
        Answer("/v1/sandbox/bad/session/s", new("""{"code":"unauthorized","error":"No."}""", 401, IsFromSandbox: false));
        Answer("/v1/sandbox/good/session/s", new(Session("s")));
        ScriptResult result = _engine.Run("'bad/s', 'good/s' | Get-SandboxSession");
        Assert.Equal("Unauthorized", result.ErrorId);
        Assert.Empty(result.Output);
    }

    [Fact]
    public void Listing_over_many_asks_all_at_once_and_shows_results_as_they_come()
    {
        TaskCompletionSource allAsked = new(TaskCreationOptions.RunContinuationsAsynchronously);
        int asked = 0;
        string[] ids = ["stuck1", "a", "stuck2", "b"];
        Answer("/v1/sandbox", new($$"""{"sandboxes":[{{string.Join(',', ids.Select(SandboxOf))}}]}""", IsFromSandbox: false));
        foreach (string id in ids)
        {
            _answers[$"/v1/sandbox/{id}/session"] = async _ =>
            {
                if (Interlocked.Increment(ref asked) == ids.Length)
                {
                    allAsked.SetResult();
                }

                await allAsked.Task;
                if (id.StartsWith("stuck", StringComparison.Ordinal))
                {
                    await Task.Delay(Timeout.InfiniteTimeSpan);
                }

                return new StubAnswer($$"""{"sessions":[{{Session("s")}}]}""");
            };
        }

        ScriptResult result = _engine.Run("Get-SandboxSession -Sandbox * 2>&1 | ForEach-Object { if ($_ -is [Management.Automation.ErrorRecord]) { " +
            "\"$($_.FullyQualifiedErrorId -replace ',.*'): $_\" } else { \"$_\" } }");
        string[] texts = result.Texts;
        Assert.Equal(["a/s", "b/s"], texts[..2].Order());
        Assert.Equal(
            [
                "RequestTimedOut: The sandbox 'stuck1' did not respond within 5 s.",
                "RequestTimedOut: The sandbox 'stuck2' did not respond within 5 s.",
            ], texts[2..].Order());
    }

    [Fact]
    public void Error_message_cannot_control_the_terminal()
    {
        Answer("/v1/sandbox/x/session/s", new("""{"code":"internal_error","error":"A \u001b]0;title\u0007 \r B \u202e C\nD"}""", 500));
        ScriptResult result = _engine.Run("Get-SandboxSession x/s");
        Assert.Equal("A \u241b]0;title\u2407 \u240d B \ufffd C\nD", result.Error.ToString());
    }

    [Fact]
    public void Names_in_views_cannot_control_the_terminal()
    {
        const string hostile = "\\u001b]0;title\\u0007";
        Answer("/v1/sandbox/x/session", new($$"""
            {"sessions":[{"id":"s","state":"busy","cwd":"/{{hostile}}",{{Created}},
            "runningCommand":{"processId":"p","command":"c{{hostile}}","startedAt":"2026-01-01T00:00:00Z"} }]}
            """));
        ScriptResult result = _engine.Run(
            "$s = Get-SandboxSession -Sandbox x; $s | Format-Table | Out-String -Width 200; $s | Format-List | Out-String -Width 200; $s.WorkingDirectory");
        string[] texts = result.Texts;
        Assert.Contains("/\u241b]0;title\u2407", texts[0], StringComparison.Ordinal);
        Assert.Contains("c\u241b]0;title\u2407", texts[1], StringComparison.Ordinal);
        Assert.All(texts[..2], text => Assert.DoesNotContain("\u001b]", text, StringComparison.Ordinal));
        Assert.Equal("/\u001b]0;title\u0007", texts[2]);
    }

    [Fact]
    public void Confirmation_cannot_control_the_terminal()
    {
        const string pattern = "/v1/sandbox/x/item";
        Answer(pattern, new("{\"path\":\"/workspace/a\\u001b]0;title\\u0007\",\"type\":\"file\",\"mode\":\"0644\"}\n"));
        _engine.Host.TakeShown();
        _ = _engine.Run("Remove-SandboxItem -Sandbox x -Path 'a*' -WhatIf").Clean;
        string shown = _engine.Host.TakeShown();
        Assert.Contains("/workspace/a\u241b]0;title\u2407", shown, StringComparison.Ordinal);
        Assert.DoesNotContain('\u001b', shown);
    }

    [Theory]
    [InlineData("/workspace/..")]
    [InlineData("/workspace/a/../..")]
    [InlineData("/workspace/.")]
    public void Copy_never_leaves_its_destination(string path)
    {
        string directory = Directory.CreateTempSubdirectory("sbh").FullName;
        try
        {
            string destination = Directory.CreateDirectory($"{directory}/parent/d").FullName;
            Answer("/v1/sandbox/x/item", new($$"""{"path":"{{path}}","type":"directory","mode":"0777"}"""));
            Answer("/v1/sandbox/x/persist", new("", Type: "application/octet-stream") { Content = Archive(".bashrc") });
            ScriptResult result = _engine.Run("Copy-SandboxItem -FromSandbox x . -Destination $D -Recurse", ("D", destination));
            Assert.Equal("UnsafeName", result.ErrorId);
            Assert.Equal([destination], Directory.EnumerateFileSystemEntries(directory, "*", SearchOption.AllDirectories)
                .Where(found => found != $"{directory}/parent"));
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    public void Dispose()
    {
        _engine.Dispose();
        _server.Dispose();
    }

    private static byte[] Archive(string name)
    {
        MemoryStream archive = new();
        using (TarWriter writer = new(archive, leaveOpen: true))
        {
            writer.WriteEntry(new PaxTarEntry(TarEntryType.RegularFile, name) { DataStream = new MemoryStream("evil"u8.ToArray()) });
        }

        return archive.ToArray();
    }

    private static string Session(string id) => $$"""{"id":"{{id}}","state":"idle","cwd":"/",{{Created}}}""";

    private static string SandboxOf(string id) =>
        $$"""{"id":"{{id}}","state":"running","engine":"bubblewrap","network":"none","isolation":[],{{Created}},"labels":{} }""";

    private void Answer(string path, StubAnswer answer) => _answers[path] = _ => Task.FromResult(answer);
}
