using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Text.RegularExpressions;
using Sandbox.Protocol;

namespace Sandbox.Server.Tests;

/// <summary>TCP endpoint: it needs a key, and the key is never shown.</summary>
public sealed partial class TcpTests
{
    private const string Key = "a-secret-of-this-test";

    [Fact]
    public async Task Without_a_key_no_TCP_port_is_opened()
    {
        await using TestServer server = TestServer.Prepare(ServerUser.Ordinary);
        ProcessResult run = await server.RunAsync("serve", "--listen", "http://127.0.0.1:0");
        Assert.Equal(1, run.ExitCode);
        Assert.Contains("SANDBOX_API_KEY", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task TCP_requests_require_the_key_except_health_and_openapi()
    {
        await using TestServer server = TestServer.Prepare(ServerUser.Ordinary);
        server.Environment["SANDBOX_API_KEY"] = Key;
        using Process process = SandboxdProgram.Start(
            server.Programs, TestMachine.IdOf(server.User), server.Environment, "serve", "--listen", "http://127.0.0.1:0");
        string listening = await process.StandardError.ReadLineAsync() ?? "";
        using HttpClient client = new() { BaseAddress = new Uri(PortPattern().Match(listening).Value) };

        Assert.Equal("""{"ok":true}""", await client.GetStringAsync("health"));
        Assert.Equal(HttpStatusCode.Unauthorized, (await client.GetAsync("Health")).StatusCode);
        foreach (string open in (string[])["v1/openapi.json", "v1/openapi"])
        {
            using HttpResponseMessage document = await client.GetAsync(open);
            Assert.Equal((HttpStatusCode.OK, "application/json"), (document.StatusCode, document.Content.Headers.ContentType?.MediaType));
            Assert.StartsWith("""{"openapi":"3.1.0",""", await document.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        }

        await AssertRefusedAsync(client, null);
        await AssertRefusedAsync(client, new AuthenticationHeaderValue("Bearer", "wrong"));
        await AssertRefusedAsync(client, new AuthenticationHeaderValue("Bearer"));
        await AssertRefusedAsync(client, new AuthenticationHeaderValue("Basic", Key));
        foreach (string scheme in (string[])["Bearer", "bearer", "BEARER"])
        {
            client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue(scheme, Key);
            Assert.Equal(HttpStatusCode.OK, (await client.GetAsync("v1/server")).StatusCode);
        }

        // Only local users can end the server.
        Assert.Equal(HttpStatusCode.NotFound, (await client.PostAsync("v1/server/leave", null)).StatusCode);

        Assert.Equal(HttpStatusCode.NotFound, (await client.PostAsync("v1/server/stop", null)).StatusCode);

        // A remote caller has no process that the server could watch.
        await ApiTests.AssertErrorAsync(await client.PostAsync("v1/sandbox", new StringContent("""{"temporary":true}""")), 501, ErrorCodes.Unsupported);

        // The Unix socket needs no key, and sandboxes do not get the key.
        await server.CreateAsync("""{"id":"a"}""");
        Assert.DoesNotContain(Key, (await server.ExecAsync("a", "env; cat /proc/*/environ | tr '\\0' '\\n'")).Output, StringComparison.Ordinal);
        Assert.DoesNotContain(Key, File.ReadAllText($"/proc/{process.Id}/cmdline"), StringComparison.Ordinal);
        await server.Client.DeleteAsync("v1/sandbox/a");
        await server.PostAsync("v1/server/leave");
        Assert.DoesNotContain(Key, listening + await process.StandardError.ReadToEndAsync(), StringComparison.Ordinal);
        server.Environment.Remove("SANDBOX_API_KEY");
    }

    [Theory]
    [InlineData("https://127.0.0.1:1")]
    [InlineData("http://example.com:1")]
    [InlineData("127.0.0.1:1")]
    public async Task Invalid_address_is_refused(string address)
    {
        await using TestServer server = TestServer.Prepare(ServerUser.Ordinary);
        server.Environment["SANDBOX_API_KEY"] = Key;
        ProcessResult run = await server.RunAsync("serve", "--listen", address);
        Assert.Equal(1, run.ExitCode);
        Assert.Contains("--listen", run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("http://0.0.0.0:0")]
    [InlineData("http://192.0.2.1:0")]
    [InlineData("http://[::]:0")]
    public async Task Unencrypted_port_beyond_this_host_is_refused(string address)
    {
        await using TestServer server = TestServer.Prepare(ServerUser.Ordinary);
        server.Environment["SANDBOX_API_KEY"] = Key;
        ProcessResult run = await server.RunAsync("serve", "--listen", address);
        Assert.Equal(1, run.ExitCode);
        Assert.Contains("--insecure", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Unencrypted_port_beyond_this_host_is_opened_on_request()
    {
        await using TestServer server = TestServer.Prepare(ServerUser.Ordinary);
        server.Environment["SANDBOX_API_KEY"] = Key;
        using Process process = SandboxdProgram.Start(
            server.Programs, TestMachine.IdOf(server.User), server.Environment, "serve", "--listen", "http://0.0.0.0:0", "--insecure");
        Assert.Contains("0.0.0.0", await process.StandardError.ReadLineAsync(), StringComparison.Ordinal);
        await server.PostAsync("v1/server/leave");
        await process.WaitForExitAsync();
        server.Environment.Remove("SANDBOX_API_KEY");
    }

    private static async Task AssertRefusedAsync(HttpClient client, AuthenticationHeaderValue? authorization)
    {
        client.DefaultRequestHeaders.Authorization = authorization;
        using HttpResponseMessage answer = await client.GetAsync("v1/sandbox");
        Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
        Assert.Equal("Bearer", answer.Headers.WwwAuthenticate.ToString());
        Assert.Contains(ErrorCodes.Unauthorized, await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [GeneratedRegex(@"http://127\.0\.0\.1:\d+")]
    private static partial Regex PortPattern();
}
