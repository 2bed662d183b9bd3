using System.Net.ServerSentEvents;
using System.Text;
using System.Text.Json;
using Sandbox.Protocol;

namespace Sandbox.Server.Tests;

/// <summary>Reads the response of <c>exec</c>.</summary>
internal static class EventStream
{
    public static async Task<ProcessResult> ReadAsync(HttpResponseMessage answer)
    {
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
        StringBuilder output = new(), error = new();
        await foreach (SseItem<string> item in SseParser.Create(await answer.Content.ReadAsStreamAsync()).EnumerateAsync())
        {
            switch (item.EventType)
            {
                case ExecEvents.StandardOutput:
                    output.Append(Encoding.UTF8.GetString(Convert.FromBase64String(item.Data)));
                    break;
                case ExecEvents.StandardError:
                    error.Append(Encoding.UTF8.GetString(Convert.FromBase64String(item.Data)));
                    break;
                case ExecEvents.Exit:
                    return new ProcessResult(
                        JsonSerializer.Deserialize(item.Data, ProtocolJson.Default.ExecExit)!.ExitCode, output.ToString(), error.ToString());
                case ExecEvents.Error:
                    Assert.Fail(item.Data);
                    break;
            }
        }

        throw new Xunit.Sdk.XunitException("The stream ended without its final event.");
    }
}
