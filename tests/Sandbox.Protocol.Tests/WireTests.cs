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
    public void Every_error_code_is_in_the_table()
    {
        string[] codes = [.. typeof(ErrorCodes).GetFields().Where(field => field.IsLiteral).Select(field => (string)field.GetRawConstantValue()!)];
        Assert.Equal(codes.Order(StringComparer.Ordinal), ErrorCodes.All.Select(kind => kind.Code).Order(StringComparer.Ordinal));
        Assert.All(ErrorCodes.All, kind =>
        {
            Assert.Matches("^[a-z]+(_[a-z]+)*$", kind.Code);
            Assert.InRange(kind.Status, 400, 599);
            Assert.True(kind.RecommendedAction is null or [.., '.'], kind.Code);
        });
    }

    [Theory]
    [InlineData(404, "ObjectNotFound")]
    [InlineData(409, "ResourceExists")]
    [InlineData(429, "QuotaExceeded")]
    [InlineData(418, "InvalidOperation")]
    [InlineData(503, "ResourceUnavailable")]
    public void An_unknown_error_code_has_the_category_of_its_status(int status, string category) =>
        Assert.Equal(new ErrorKind("of_a_newer_server", status, category, null), new ApiException("of_a_newer_server", "Text.") { Status = status }.Kind);
}
