using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Sandbox.Protocol;

namespace Sandbox.Client.Tests;

[SuppressMessage("Security", "CA5350:Do Not Use Weak Cryptographic Algorithms", Justification = "RFC 6455 prescribes SHA-1.")]
public sealed class WebSocketHandshakeTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Handshake_with_the_accept_value_of_the_key_opens_a_terminal()
    {
        await using StubServer server = await StartAsync(key =>
            Convert.ToBase64String(SHA1.HashData(Encoding.ASCII.GetBytes(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))));
        using TerminalConnection terminal = await OpenAsync(server);
        await Assert.ThrowsAsync<ConnectionLostException>(() => terminal.FollowAsync(_ => default, Token));
    }

    [Theory]
    [InlineData("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")]
    [InlineData(null)]
    public async Task Handshake_with_another_accept_value_is_refused(string? accept)
    {
        await using StubServer server = await StartAsync(_ => accept);
        ApiException refused = await Assert.ThrowsAsync<ApiException>(() => OpenAsync(server));
        Assert.Equal(ErrorCodes.Unsupported, refused.Code);
        Assert.Contains("Sec-WebSocket-Accept", refused.Message, StringComparison.Ordinal);
    }

    private static Task<TerminalConnection> OpenAsync(StubServer server) =>
        new SandboxClient(server.Endpoint).Sandbox("box").OpenTerminalAsync(new() { Size = new(80, 24) }, Token);

    // Answers 101 with the given accept value and then closes the connection.
    private static Task<StubServer> StartAsync(Func<string, string?> accept) => StubServer.StartAsync(async context =>
    {
        context.Response.Headers.Upgrade = "websocket";
        context.Response.Headers.Connection = "Upgrade";
        context.Response.Headers.SecWebSocketAccept = accept(context.Request.Headers.SecWebSocketKey.ToString());
        await using Stream connection = await context.Features.GetRequiredFeature<IHttpUpgradeFeature>().UpgradeAsync();
    });
}
