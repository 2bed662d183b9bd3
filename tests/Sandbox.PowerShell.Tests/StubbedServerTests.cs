using System.Management.Automation;
using System.Net;
using System.Text;

namespace Sandbox.Tests;

/// <summary>Responses that a local server does not give, such as warnings and missing isolation, from an HTTP server defined by the test.</summary>
public sealed class StubbedServerTests : IDisposable
{
    private readonly HttpListener _listener;
    private readonly PowerShellEngine _engine = new();
    private readonly List<string> _asked = [];
    private readonly string _uri;
    private volatile bool _isSilent;
    private volatile int _unanswered;
    private string? _unknownField;

    public StubbedServerTests()
    {
        (_listener, _uri) = HttpStub.Listen();
        _ = ServeAsync();
    }

    [Fact]
    public void Server_warning_is_shown_once_in_each_runspace()
    {
        using PowerShellEngine other = new();
        Assert.Single(other.Run("New-Sandbox warned0 -Server $Uri", ("Uri", _uri)).Clean.Warnings);
        ScriptResult result = _engine.Run(
            "Connect-SandboxServer $Uri; New-Sandbox warned1; New-Sandbox warned2; Disconnect-SandboxServer", ("Uri", _uri)).Clean;
        Assert.Equal([$"No network on {_uri}: install slirp4netns."], result.Warnings);
        Assert.Equal(["warned1", "warned2"], result.Output.Select(box => box.ToString()));
        Assert.Equal([$"No network on {_uri}: install slirp4netns."], (string[])result.Output[1].Properties["Warnings"].Value);
    }

    [Fact]
    public void New_PSDrive_shows_the_warnings_of_the_sandbox_it_creates()
    {
        ScriptResult result = _engine.Run("Connect-SandboxServer $Uri; $null = New-PSDrive box Sandbox /", ("Uri", _uri)).Clean;
        Assert.Equal([$"No network on {_uri}: install slirp4netns."], result.Warnings);
    }

    [Fact]
    public void Every_option_is_sent_under_its_own_name()
    {
        _ = _engine.Run(
            "New-Sandbox wish -Server $Uri -Image debian -Engine docker -MemoryLimit 512MB -ProcessLimit 64 -CpuLimit 0.5 -DiskLimit 2GB -Network None " +
            "-SleepAfterSeconds ([timespan]'00:05:00') -Temporary -DefaultSession -Label @{ a = 1 }", ("Uri", _uri)).Clean;
        string body = Assert.Single(_asked, line => line.StartsWith("POST", StringComparison.Ordinal));
        Assert.All(
            [
                "\"id\":\"wish\"", "\"image\":\"debian\"", "\"engine\":\"docker\"",
                "\"limits\":{\"memoryBytes\":536870912,\"processes\":64,\"cpus\":0.5,\"diskBytes\":2147483648}",
                "\"network\":\"none\"", "\"sleepAfter\":300", "\"temporary\":true", "\"defaultSession\":true", "\"labels\":{\"a\":\"1\"}",
            ],
            part => Assert.Contains(part, body, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("limits.memoryBytes", "The server does not support -MemoryLimit.*")]
    [InlineData("sleepAfter", "The server does not support -SleepAfterSeconds.*")]
    [InlineData("ofTheFuture", "The server does not support a parameter of this command.*")]
    public void Field_unknown_to_the_server_is_reported_as_a_parameter(string field, string message)
    {
        _unknownField = field;
        ScriptResult result = _engine.Run("New-Sandbox new -Server $Uri -MemoryLimit 512MB -SleepAfterSeconds 5", ("Uri", _uri));
        Assert.Equal("Unsupported", result.ErrorId);
        Assert.Matches(message, result.Error.ToString());
        Assert.DoesNotContain(field, result.Error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void RequireIsolation_is_refused_by_a_server_that_cannot_check_it()
    {
        _ = _engine.Run("New-Sandbox weak -Server $Uri", ("Uri", _uri)).Clean;
        Assert.DoesNotContain("requireIsolation", _asked[^1], StringComparison.Ordinal);
        _unknownField = "requireIsolation";
        ScriptResult result = _engine.Run("New-Sandbox weak -Server $Uri -RequireIsolation", ("Uri", _uri));
        Assert.Equal("Unsupported", result.ErrorId);
        Assert.Contains("\"requireIsolation\":true", _asked[^1], StringComparison.Ordinal);
        Assert.Contains("-RequireIsolation", result.Error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Key_is_sent_to_its_own_server_only_and_never_shown()
    {
        using System.Security.SecureString key = new NetworkCredential("", "k3y-not-shown").SecurePassword;
        ScriptResult result = _engine.Run("Connect-SandboxServer $Uri -ApiKey $Key -PassThru -Verbose; Get-Sandbox -Verbose; Disconnect-SandboxServer -Verbose",
            ("Uri", _uri), ("Key", key)).Clean;
        Assert.All(_asked, line => Assert.EndsWith(" Bearer k3y-not-shown", line, StringComparison.Ordinal));
        Assert.All(result.Verbose, line => Assert.DoesNotContain("k3y", line, StringComparison.Ordinal));
        _asked.Clear();
        _ = _engine.Run("Connect-SandboxServer $Uri; Disconnect-SandboxServer").Clean;
        Assert.DoesNotContain("k3y", Assert.Single(_asked), StringComparison.Ordinal);
    }

    [Fact]
    public void Connection_belongs_to_its_runspace()
    {
        using PowerShellEngine other = new();
        _ = _engine.Run("Connect-SandboxServer $Uri", ("Uri", _uri)).Clean;
        Assert.Equal([_uri], _engine.Run("(Get-SandboxServer).Uri").Texts);
        Assert.DoesNotContain(_uri, other.Run("(Get-SandboxServer).Uri").Texts);
    }

    [Fact]
    public void Key_stays_in_its_runspace()
    {
        using System.Security.SecureString key = new NetworkCredential("", "k3y-of-one").SecurePassword;
        using PowerShellEngine other = new();
        object box = _engine.Run("Connect-SandboxServer $Uri -ApiKey $Key; New-Sandbox mine", ("Uri", _uri), ("Key", key)).One;
        Assert.Contains("k3y-of-one", _asked[^1], StringComparison.Ordinal);
        _ = other.Run("$Box | Remove-Sandbox", ("Box", box)).Clean;
        Assert.StartsWith("DELETE /v1/sandbox/mine", _asked[^1], StringComparison.Ordinal);
        Assert.DoesNotContain("k3y", _asked[^1], StringComparison.Ordinal);
    }

    [Fact]
    public void Completion_times_out_on_a_server_that_does_not_respond()
    {
        _ = _engine.Run("Connect-SandboxServer $Uri", ("Uri", _uri)).Clean;
        _isSilent = true;

        // Repeated, because on a busy machine the completion may time out before it has sent the request.
        Wait.Until(() =>
        {
            Assert.Empty(Complete("Get-Sandbox x"));
            return _unanswered > 0;
        }, "the server was asked");
    }

    public void Dispose()
    {
        _engine.Dispose();
        _listener.Close();
    }

    private async Task ServeAsync()
    {
        try
        {
            while (await _listener.GetContextAsync() is { } context)
            {
                if (_isSilent)
                {
                    _unanswered++;
                    continue;
                }

                string body = await new StreamReader(context.Request.InputStream).ReadToEndAsync();
                _asked.Add($"{context.Request.HttpMethod} {context.Request.RawUrl} {body} {context.Request.Headers["Authorization"]}");
                byte[] answer = Encoding.UTF8.GetBytes(Answer(context.Request, body));
                context.Response.ContentType = "application/json";
                context.Response.StatusCode = answer.AsSpan().StartsWith("""{"code":"""u8) ? 404 : 200;
                await context.Response.OutputStream.WriteAsync(answer);
                context.Response.Close();
            }
        }
        catch (Exception e) when (e is HttpListenerException or ObjectDisposedException)
        {
            // The listener was closed.
        }
    }

    private CompletionResult[] Complete(string line)
    {
        using PowerShell shell = PowerShell.Create(_engine.Runspace);
        CommandCompletion completion = Task.Run(() => CommandCompletion.CompleteInput(line, line.Length, null, shell))
            .WaitAsync(Wait.Limit).GetAwaiter().GetResult();
        return [.. completion.CompletionMatches.Where(offered => offered.ResultType is CompletionResultType.ParameterValue)];
    }

    private string Answer(HttpListenerRequest request, string body) => request switch
    {
        _ when _unknownField is { } field => $$"""{"code":"unsupported","error":"This server does not support '{{field}}'.","field":"{{field}}"}""",
        { HttpMethod: "POST" } =>
            $$"""
            {"id":"{{body.Split("\"id\":\"")[1].Split('"')[0]}}","state":"running","engine":"bubblewrap","network":"none","isolation":["user"],
            "createdAt":"2026-01-01T00:00:00Z","labels":{},"warnings":["No network on {{_uri}}: install slirp4netns."]}
            """,
        { RawUrl: { } url } when url.StartsWith("/v1/sandbox/default/", StringComparison.Ordinal) =>
            _asked.Any(line => line.StartsWith("POST", StringComparison.Ordinal))
            ? """{"path":"/","type":"directory","mode":"0755"}"""
            : """{"code":"sandbox_not_found","error":"There is no sandbox 'default'."}""",
        { RawUrl: "/v1/server" } => """{"name":"sandboxd","version":"0.1.0","build":"b","apiVersion":"v1","capabilities":[],"abilities":[]}""",
        _ => """{"sandboxes":[]}""",
    };
}
