using System.Runtime.InteropServices;
using Microsoft.AspNetCore.Http;

namespace Sandbox.Client.Tests;

public sealed class ClientCacheTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Configured_key_goes_to_the_configured_server_alone()
    {
        List<string> keys = [];
        await using StubServer configured = await StartAsync(keys);
        await using StubServer other = await StartAsync(keys);
        using ClientCache cache = new(new ClientSettings { Uri = configured.Endpoint.Text, ApiKey = "k3y" });
        await (await cache.GetDefaultAsync(null, _ => { }, Token)).Sandbox("a").RemoveAsync(Token);
        await cache.Get(configured.Endpoint.Text).Sandbox("a").RemoveAsync(Token);
        await cache.Get(other.Endpoint.Text).Sandbox("a").RemoveAsync(Token);
        Assert.Equal(["Bearer k3y", "Bearer k3y", ""], keys);
    }

    [Fact]
    public async Task Key_set_in_one_cache_is_unknown_to_another()
    {
        List<string> keys = [];
        await using StubServer server = await StartAsync(keys);
        using ClientCache one = new(new ClientSettings());
        using ClientCache two = new(new ClientSettings());
        one.SetKey(server.Endpoint, "k3y");
        await one.Get(server.Endpoint.Text).Sandbox("a").RemoveAsync(Token);
        await two.Get(server.Endpoint.Text).Sandbox("a").RemoveAsync(Token);
        Assert.Equal(["Bearer k3y", ""], keys);
    }

    [Fact]
    public async Task Local_server_is_started_once()
    {
        string folder = Directory.CreateTempSubdirectory("sbc").FullName;
        try
        {
            string program = Path.Combine(Directory.CreateDirectory(Path.Combine(folder, "server", RuntimeInformation.RuntimeIdentifier)).FullName, "sandboxd");
            await File.WriteAllTextAsync(program,
                """
                #!/bin/sh
                echo started >> "$SANDBOX_HOME/starts"
                echo '{"uri":"unix:/x/y","version":"1","build":"b","processId":7,"log":"/l","started":true}'

                """, Token);
            File.SetUnixFileMode(program, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            using ClientCache cache = new(new ClientSettings { Home = folder }, folder);
            SandboxClient first = await cache.GetDefaultAsync(null, _ => { }, Token);
            Assert.Same(first, await cache.GetDefaultAsync(null, _ => { }, Token));
            Assert.Equal("started\n", await File.ReadAllTextAsync(Path.Combine(folder, "starts"), Token));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Dispose_cancels_requests(bool isPeeked)
    {
        TaskCompletionSource asked = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await using StubServer server = await StubServer.StartAsync(context =>
        {
            asked.SetResult();
            return Task.Delay(Timeout.Infinite, context.RequestAborted);
        });
        using ClientCache cache = new(new ClientSettings { Uri = server.Endpoint.Text });
        SandboxClient client = isPeeked ? cache.Peek(null, ClientTimeouts.Default.Request)! : cache.Get(server.Endpoint.Text);
        Task request = client.Sandbox("a").RemoveAsync(Token);
        await asked.Task.WaitAsync(Token);
        cache.Dispose();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => request);
    }

    private static Task<StubServer> StartAsync(List<string> keys) => StubServer.StartAsync(context =>
    {
        keys.Add(context.Request.Headers.Authorization.ToString());
        context.Response.StatusCode = StatusCodes.Status204NoContent;
        return Task.CompletedTask;
    });
}
