using System.Text;
using Microsoft.AspNetCore.Http;
using Sandbox.Protocol;

namespace Sandbox.Client.Tests;

public sealed class CodeReaderTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Events_come_in_order_with_exact_bytes_and_all_representations()
    {
        List<CodeEvent> events = await ReadAsync(
            """
            :

            event: stdout
            data: AP8K

            event: new-kind
            data: ?

            event: result
            data: {"kind":"display","data":{"text/plain":"x","application/json":{"a":1}}}

            event: stderr
            data: AQ==

            event: exit
            data: {"error":{"name":"N","value":"v","traceback":["a","b"]},"timedOut":true,"restarted":true,"executionCount":4,"durationMs":1.5}


            """);
        Assert.Collection(events,
            first => Assert.Equal((OutputChannel.Output, "00FF0A"), (((CodeOutput)first).Channel, Convert.ToHexString(((CodeOutput)first).Data.Span))),
            second => Assert.Equal((CodeResultKinds.Display, "{\"a\":1}"),
                (((CodeResultEvent)second).Result.Kind, ((CodeResultEvent)second).Result.Data["application/json"].GetRawText())),
            third => Assert.Equal((OutputChannel.Error, "01"), (((CodeOutput)third).Channel, Convert.ToHexString(((CodeOutput)third).Data.Span))),
            fourth =>
            {
                CodeExit exit = ((CodeEnded)fourth).Exit;
                Assert.Equal((true, false, true, 4, 1.5), (exit.TimedOut, exit.Cancelled, exit.Restarted, exit.ExecutionCount!.Value, exit.DurationMs));
                Assert.Equal(("N", "v", "a b"), (exit.Error!.Name, exit.Error.Value, string.Join(' ', exit.Error.Traceback)));
            });
    }

    [Theory]
    [InlineData("")]
    [InlineData("event: stdout\ndata: AA==\n\n")]
    [InlineData("event: stdout\ndata: not base64!\n\n")]
    [InlineData("event: result\ndata: {\n\n")]
    [InlineData("event: exit\ndata: {\"durationMs\":0}")]
    public async Task Stream_without_an_end_is_ConnectionLost(string text) =>
        await Assert.ThrowsAsync<ConnectionLostException>(() => ReadAsync(text));

    [Fact]
    public async Task Error_event_is_thrown()
    {
        ApiException failure = await Assert.ThrowsAsync<ApiException>(
            () => ReadAsync("event: error\ndata: {\"error\":\"Gone.\",\"code\":\"context_closed\"}\n\n"));
        Assert.Equal(ErrorCodes.ContextClosed, failure.Code);
    }

    private static async Task<List<CodeEvent>> ReadAsync(string text)
    {
        await using StubServer server = await StubServer.StartAsync(async context =>
        {
            context.Response.ContentType = "text/event-stream";
            await context.Response.Body.WriteAsync(Encoding.UTF8.GetBytes(text), context.RequestAborted);
        });
        using CodeReader reader = await new SandboxClient(server.Endpoint).Sandbox("box").Context("context").RunAsync(new() { Code = "1" }, Token);
        List<CodeEvent> events = [];
        await foreach (CodeEvent current in reader.ReadAsync(Token))
        {
            events.Add(current);
        }

        return events;
    }
}
