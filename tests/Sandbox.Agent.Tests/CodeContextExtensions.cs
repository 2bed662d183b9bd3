using System.Net.ServerSentEvents;
using System.Text;
using System.Text.Json;
using Sandbox.Protocol;

namespace Sandbox.Agent.Tests;

/// <summary>Creates code contexts and runs code in them.</summary>
internal static class CodeContextExtensions
{
    /// <summary>The PATH of the distribution's own interpreters, whatever else is installed.</summary>
    public const string SearchPath = "/usr/bin:/bin";

    public static async Task<ContextInfo> NewContextAsync(this AgentFixture agent, object request, string? session = null)
    {
        using HttpResponseMessage answer = await agent.PostAsync("context", request, session);
        await AgentFixture.EnsureSuccessAsync(answer);
        return JsonSerializer.Deserialize(await answer.Content.ReadAsStringAsync(), ProtocolJson.Default.ContextInfo)!;
    }

    public static async Task<string> NewContextAsync(this AgentFixture agent, string language) =>
        (await agent.NewContextAsync(new { language, env = new { PATH = SearchPath } })).Id;

    public static Task<CodeRunResult> RunCodeAsync(this AgentFixture agent, string context, string code) => agent.RunCodeAsync(context, new { code });

    public static async Task<CodeRunResult> RunCodeAsync(this AgentFixture agent, string context, object request)
    {
        using HttpResponseMessage answer = await agent.PostAsync($"context/{context}/run", request);
        await AgentFixture.EnsureSuccessAsync(answer);
        return await ReadAsync(answer);
    }

    public static async Task<CodeRunResult> ReadAsync(HttpResponseMessage answer)
    {
        MemoryStream output = new(), error = new();
        List<CodeResult> results = [];
        List<string> order = [];
        using CancellationTokenSource limit = new(Wait.Limit);
        await foreach (SseItem<string> item in SseParser.Create(await answer.Content.ReadAsStreamAsync()).EnumerateAsync(limit.Token))
        {
            // The limit applies to the wait for each event, not to the whole stream.
            limit.CancelAfter(Wait.Limit);
            if (order.LastOrDefault() != item.EventType)
            {
                order.Add(item.EventType);
            }

            switch (item.EventType)
            {
                case CodeEvents.StandardOutput:
                    output.Write(Convert.FromBase64String(item.Data));
                    break;
                case CodeEvents.StandardError:
                    error.Write(Convert.FromBase64String(item.Data));
                    break;
                case CodeEvents.Result:
                    results.Add(JsonSerializer.Deserialize(item.Data, ProtocolJson.Default.CodeResult)!);
                    break;
                case CodeEvents.Exit:
                    return new CodeRunResult(
                        output.ToArray(), error.ToArray(), results, order, JsonSerializer.Deserialize(item.Data, ProtocolJson.Default.CodeExit), null);
                case CodeEvents.Error:
                    return new CodeRunResult(
                        output.ToArray(), error.ToArray(), results, order, null, JsonSerializer.Deserialize(item.Data, ProtocolJson.Default.ErrorBody));
            }
        }

        throw new InvalidOperationException("The stream ended without a last event.");
    }
}

/// <summary>Output and result of a run. Consecutive events of one kind are one entry in the order.</summary>
internal sealed record CodeRunResult(
    byte[] OutputBytes, byte[] ErrorBytes, IReadOnlyList<CodeResult> Results, IReadOnlyList<string> Order, CodeExit? Exit, ErrorBody? Failure)
{
    public string Output => Encoding.UTF8.GetString(OutputBytes);

    public string ErrorText => Encoding.UTF8.GetString(ErrorBytes);

    /// <summary>Gets the result; fails when the run had none.</summary>
    public CodeExit End => Exit ?? throw new InvalidOperationException(Failure?.Error);

    /// <summary>Gets the text of the only result; fails when the code failed.</summary>
    public string Text
    {
        get
        {
            Assert.True(End.Error is null, $"{End.Error?.Name}: {End.Error?.Value}\n{ErrorText}");
            return Assert.Single(Results).Data["text/plain"].GetString()!;
        }
    }
}
