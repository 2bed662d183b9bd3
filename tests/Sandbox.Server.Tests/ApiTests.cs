using System.Net;
using System.Text.Json;
using Sandbox.Protocol;
using Sandbox.Server.Api;

namespace Sandbox.Server.Tests;

/// <summary>Server shared by the tests of the API.</summary>
public sealed class ApiServer : IAsyncLifetime
{
    internal TestServer Server { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Server = await TestServer.StartAsync(ServerUser.Ordinary);

    public ValueTask DisposeAsync() => Server is null ? ValueTask.CompletedTask : Server.DisposeAsync();
}

/// <summary>The routes of the server itself.</summary>
public sealed class ApiTests(ApiServer fixture) : IClassFixture<ApiServer>
{
    private readonly TestServer _server = fixture.Server;

    [Fact]
    public void The_server_handles_exactly_its_routes() => Assert.Equal(
        Routes.All.Where(route => route.Owner is RouteOwner.Server or RouteOwner.LocalServer).OrderBy(route => route.Id, StringComparer.Ordinal),
        new ApiRoutes(null!, null!, null!, () => { }).Own.OrderBy(route => route.Id, StringComparer.Ordinal));

    [Theory]
    [InlineData("GET", "/nowhere", 404, ErrorCodes.RouteNotFound)]
    [InlineData("GET", "/v1/sandbox/", 404, ErrorCodes.RouteNotFound)]
    [InlineData("PUT", "/v1/sandbox", 405, ErrorCodes.MethodNotAllowed)]
    [InlineData("POST", "/health", 405, ErrorCodes.MethodNotAllowed)]
    [InlineData("GET", "/v1/server/leave", 405, ErrorCodes.MethodNotAllowed)]
    [InlineData("GET", "/v1/server/stop", 405, ErrorCodes.MethodNotAllowed)]
    [InlineData("GET", "/v1/sandbox/nobody", 404, ErrorCodes.SandboxNotFound)]
    [InlineData("DELETE", "/v1/sandbox/nobody", 404, ErrorCodes.SandboxNotFound)]
    [InlineData("GET", "/v1/sandbox/nobody/running", 404, ErrorCodes.SandboxNotFound)]
    [InlineData("POST", "/v1/sandbox/nobody/stop", 404, ErrorCodes.SandboxNotFound)]
    [InlineData("GET", "/v1/sandbox/nobody/session", 404, ErrorCodes.SandboxNotFound)]
    [InlineData("GET", "/v1/sandbox/..%2f..%2fetc/session", 404, ErrorCodes.SandboxNotFound)]
    [InlineData("PUT", "/v1/sandbox/x/../../../agent/configuration", 400, ErrorCodes.InvalidRequest)]
    [InlineData("POST", "/v1/sandbox/x/../../server/stop", 400, ErrorCodes.InvalidRequest)]
    [InlineData("GET", "/v1/sandbox/%6eobody", 400, ErrorCodes.InvalidRequest)]
    public async Task Errors_have_one_format(string method, string path, int status, string code)
    {
        HttpRequestMessage request = new(
            new HttpMethod(method), new Uri("http://server" + path, new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true }));
        using HttpResponseMessage answer = await _server.Client.SendAsync(request);
        await AssertErrorAsync(answer, status, code);
    }

    [Theory]
    [InlineData("DELETE", "/v1/sandbox/from/file/workspace/%2e%2e/%2e%2e/%2e%2e/to")]
    [InlineData("DELETE", "/v1/sandbox/from/../to")]
    [InlineData("DELETE", "/v1/sandbox/from/%2E%2e/to")]
    [InlineData("POST", "/v1/sandbox/from/file/../../to/stop")]
    public async Task Path_cannot_lead_to_another_sandbox(string method, string path)
    {
        await _server.CreateAsync("""{"id":"from"}""");
        await _server.CreateAsync("""{"id":"to"}""");
        await Errors_have_one_format(method, path, 400, ErrorCodes.InvalidRequest);
        Assert.Equal("""{"running":true}""", await _server.Client.GetStringAsync("v1/sandbox/to/running"));
        await _server.Client.DeleteAsync("v1/sandbox/from");
        await _server.Client.DeleteAsync("v1/sandbox/to");
    }

    [Theory]
    [InlineData("""{"image":"debian"}""", 501, ErrorCodes.Unsupported, "image")]
    [InlineData("""{"limits":{"colour":1}}""", 501, ErrorCodes.Unsupported, "limits.colour")]
    [InlineData("""{"limits":{"diskBytes":1000000}}""", 501, ErrorCodes.Unsupported, "limits.diskBytes")]
    [InlineData("""{"limits":{"memoryBytes":1000}}""", 400, ErrorCodes.InvalidRequest, "limits.memoryBytes")]
    [InlineData("""{"limits":{"processes":2}}""", 400, ErrorCodes.InvalidRequest, "limits.processes")]
    [InlineData("""{"limits":{"cpus":0}}""", 400, ErrorCodes.InvalidRequest, "limits.cpus")]
    [InlineData("""{"sleepAfter":5}""", 501, ErrorCodes.Unsupported, "sleepAfter")]
    [InlineData("""{"network":"intranet"}""", 501, ErrorCodes.Unsupported, "network")]
    [InlineData("""{"colour":"red"}""", 501, ErrorCodes.Unsupported, "colour")]
    [InlineData("""{"id":"-x"}""", 400, ErrorCodes.InvalidRequest, "-x")]
    [InlineData("""{"id":""}""", 400, ErrorCodes.InvalidRequest, "id")]
    [InlineData("""{"id":5}""", 400, ErrorCodes.InvalidRequest, "id")]
    [InlineData("""{"env":{"A B":"x"}}""", 400, ErrorCodes.InvalidRequest, "A B")]
    [InlineData("""{"labels":{"a":"\n"}}""", 400, ErrorCodes.InvalidRequest, "label")]
    [InlineData("""{"labels":{"":"x"}}""", 400, ErrorCodes.InvalidRequest, "label")]
    [InlineData("""{"labels":{"a":null}}""", 400, ErrorCodes.InvalidRequest, "label")]
    [InlineData("""{"id":"a","id":"b"}""", 400, ErrorCodes.InvalidRequest, "id")]
    [InlineData("{", 400, ErrorCodes.InvalidRequest, "JSON")]
    public async Task Invalid_create_requests_name_the_field_and_create_nothing(string body, int status, string code, string named)
    {
        using HttpResponseMessage answer = await _server.PostAsync("v1/sandbox", body);
        ErrorBody error = await AssertErrorAsync(answer, status, code);
        Assert.Contains(named, error.Field ?? error.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Errors_never_quote_a_value()
    {
        using HttpResponseMessage answer = await _server.PostAsync("v1/sandbox", """{"secretEnv":{"A":"hush-hush"x}}""");
        Assert.DoesNotContain("hush", (await AssertErrorAsync(answer, 400, ErrorCodes.InvalidRequest)).Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Large_body_is_refused()
    {
        using HttpResponseMessage answer = await _server.PostAsync("v1/sandbox", new string(' ', (1 << 20) + 1));
        await AssertErrorAsync(answer, 413, ErrorCodes.PayloadTooLarge);
    }

    [Fact]
    public async Task Empty_body_creates_a_sandbox_with_defaults()
    {
        SandboxInfo made = await _server.CreateAsync("");
        Assert.True(Identifier.IsValid(made.Id));
        Assert.Equal(("bubblewrap", SandboxState.Running, false, false), (made.Engine, made.State, made.DefaultSession, made.Temporary));
        Assert.Equal((null, null, null), (made.Limits?.MemoryBytes, made.Limits?.Cpus, made.Limits?.DiskBytes));
        Assert.Superset(new HashSet<string> { "user", "pid", "network", "seccomp" }, made.Isolation.ToHashSet());
        await _server.Client.DeleteAsync($"v1/sandbox/{made.Id}");
    }

    [Fact]
    public async Task Concurrent_creations_of_one_id_succeed_once()
    {
        HttpResponseMessage[] answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => _server.PostAsync("v1/sandbox", """{"id":"race"}""")));
        Assert.Single(answers, answer => answer.StatusCode == HttpStatusCode.OK);
        foreach (HttpResponseMessage answer in answers.Where(answer => answer.StatusCode != HttpStatusCode.OK))
        {
            await AssertErrorAsync(answer, 409, ErrorCodes.SandboxExists);
        }

        Assert.Single(_server.Records(), record => record.Id == "race");
        await _server.Client.DeleteAsync("v1/sandbox/race");
        Assert.DoesNotContain(_server.Records(), record => record.Id == "race");
    }

    [Fact]
    public async Task Request_to_a_sandbox_being_created_waits_for_it()
    {
        await using TestServer slow = TestServer.Prepare(ServerUser.Ordinary);
        slow.DelayBubblewrap();
        await slow.StartAsync();
        Task<SandboxInfo> creation = slow.CreateAsync("""{"id":"soon","network":"none"}""");
        await Wait.UntilAsync(() => slow.Records().Any(), "the creation has begun");
        Task<HttpResponseMessage> request = slow.Client.GetAsync("v1/sandbox/soon/session");
        await slow.Client.GetStringAsync("health");
        Assert.False(request.IsCompleted);
        slow.StartBubblewrap();
        using HttpResponseMessage answer = await request;
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        await creation;
    }

    [Fact]
    public async Task Sandboxes_are_listed_oldest_first_and_filtered_by_label()
    {
        await _server.CreateAsync("""{"id":"z","labels":{"set":"one","n":"1"}}""");
        await _server.CreateAsync("""{"id":"y","labels":{"set":"one","n":"2"}}""");
        Assert.Equal(["z", "y"], await IdsAsync("?label=set=one"));
        Assert.Equal(["y"], await IdsAsync("?label=set=one&label=n=2"));
        Assert.Equal(["z", "y"], await IdsAsync("?label=n"));
        Assert.Empty(await IdsAsync("?label=set=two"));
        await _server.Client.DeleteAsync("v1/sandbox/z");
        await _server.Client.DeleteAsync("v1/sandbox/y");
    }

    private async Task<IEnumerable<string>> IdsAsync(string query) =>
        JsonSerializer.Deserialize(await _server.Client.GetStringAsync("v1/sandbox" + query), ProtocolJson.Default.SandboxList)!.Sandboxes.Select(
            sandbox => sandbox.Id);

    internal static async Task<ErrorBody> AssertErrorAsync(HttpResponseMessage answer, int status, string code)
    {
        ErrorBody error = JsonSerializer.Deserialize(await answer.Content.ReadAsStringAsync(), ProtocolJson.Default.ErrorBody)!;
        Assert.Equal((status, code), ((int)answer.StatusCode, error.Code));
        Assert.Equal(Assert.Single(answer.Headers.GetValues(ApiHeaders.RequestId)), error.RequestId);
        Assert.NotEmpty(error.Error);
        return error;
    }
}
