namespace Sandbox.Agent.Tests;

/// <summary>Proxies may cut idle connections, so streams send heartbeats.</summary>
public sealed class HeartbeatTests(AgentFixture agent) : IClassFixture<AgentFixture>
{
    [Fact]
    public async Task Idle_stream_sends_comments()
    {
        string context = await agent.NewContextAsync("python");
        string session = await agent.NewSessionAsync();
        using HttpResponseMessage code = await agent.PostAsync($"context/{context}/run", new { code = "import time; time.sleep(600)" });
        using HttpResponseMessage command = await agent.PostAsync("exec", new { command = "sleep 600" }, session);
        using HttpResponseMessage watch = await agent.Http.GetAsync(
            "watch?path=" + Uri.EscapeDataString(agent.Workspace), HttpCompletionOption.ResponseHeadersRead);
        await Task.WhenAll(ReadCommentAsync(code), ReadCommentAsync(command), ReadCommentAsync(watch));
        (await agent.SendAsync(HttpMethod.Delete, "session/" + session, null)).Dispose();
        (await agent.SendAsync(HttpMethod.Delete, "context/" + context, null)).Dispose();
    }

    private static async Task ReadCommentAsync(HttpResponseMessage answer)
    {
        await AgentFixture.EnsureSuccessAsync(answer);
        using CancellationTokenSource limit = new(Wait.Limit);
        using StreamReader reader = new(await answer.Content.ReadAsStreamAsync(limit.Token));
        while (!(await reader.ReadLineAsync(limit.Token) ?? throw new InvalidOperationException("The stream ended.")).StartsWith(':'))
        {
        }
    }
}
