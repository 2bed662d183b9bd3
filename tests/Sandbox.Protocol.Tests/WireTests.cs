using System.Text.Json;

namespace Sandbox.Protocol.Tests;

public sealed class WireTests
{
    [Fact]
    public void Exec_request_has_the_field_names_of_the_bridge()
    {
        ExecRequest request = JsonSerializer.Deserialize("""{"argv":["ls","-l"],"cwd":"/workspace","timeout_ms":500}""", ProtocolJson.Default.ExecRequest)!;
        Assert.Equal(["ls", "-l"], request.Argv!);
        Assert.Equal(("/workspace", 500L), (request.Cwd, request.TimeoutMs));
        Assert.Null(request.Unknown);
    }

    [Fact]
    public void Exit_event_has_the_field_of_the_bridge_and_ours()
    {
        string json = JsonSerializer.Serialize(new ExecExit { ExitCode = 3, TimedOut = true }, ProtocolJson.Default.ExecExit);
        using JsonDocument document = JsonDocument.Parse(json);
        Assert.Equal(3, document.RootElement.GetProperty("exit_code").GetInt32());
        Assert.True(document.RootElement.GetProperty("timedOut").GetBoolean());
        Assert.False(document.RootElement.TryGetProperty("signal", out _));
    }

    [Fact]
    public void States_are_lower_case_words() =>
        Assert.Contains("\"state\":\"busy\"", JsonSerializer.Serialize(
            new SessionInfo { Id = "a", State = SessionState.Busy, Cwd = "/", CreatedAt = default }, ProtocolJson.Default.SessionInfo),
            StringComparison.Ordinal);

    [Fact]
    public void Unknown_field_is_refused_by_name()
    {
        SandboxCreateRequest request = JsonSerializer.Deserialize("""{"id":"a","gpu":true}""", ProtocolJson.Default.SandboxCreateRequest)!;
        ApiException failure = Assert.Throws<ApiException>(() => RequestFields.RejectUnknownFields(request.Unknown));
        Assert.Equal((ErrorCodes.Unsupported, 501), (failure.Code, failure.Status));
        Assert.Contains("'gpu'", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Duplicate_field_is_an_error() =>
        Assert.Throws<JsonException>(() => JsonSerializer.Deserialize("""{"command":"a","command":"b"}""", ProtocolJson.Default.ExecRequest));

    [Fact]
    public void Every_error_code_has_an_HTTP_status() =>
        Assert.All(ErrorCodes.All, code =>
        {
            Assert.Matches("^[a-z]+(_[a-z]+)*$", code);
            Assert.InRange(ErrorCodes.StatusOf(code), 400, 599);
        });
}
