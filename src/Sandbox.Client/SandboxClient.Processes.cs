using System.Net.Http.Headers;
using Sandbox.Protocol;

namespace Sandbox.Client;

/// <content>Commands and what can be done to one that runs.</content>
public sealed partial class SandboxClient
{
    // Frames cost less; servers that do not have them answer with events.
    private static readonly MediaTypeWithQualityHeaderValue Frames = new(CommandFrame.MediaType);
    private static readonly MediaTypeWithQualityHeaderValue EventStream = new(EventStreamFormat.MediaType);

    /// <summary>Starts a command and follows it.</summary>
    /// <param name="sandbox">Where.</param>
    /// <param name="session">In which session; null for the sandbox's default.</param>
    /// <param name="commandId">Its id, chosen by the caller: the same id and request again attach to the running command.</param>
    /// <param name="request">What to run.</param>
    /// <param name="cancellationToken">Stops waiting; it does not end the command, see <see cref="SignalAsync"/>.</param>
    public async Task<CommandReader> ExecAsync(
        string sandbox, string? session, string commandId, ExecRequest request, CancellationToken cancellationToken)
    {
        HttpResponseMessage response = await _transport.OpenAsync(
            () =>
            {
                HttpRequestMessage message = WithBody(HttpMethod.Post, $"{Path(sandbox)}/exec", session, request, ProtocolJson.Default.ExecRequest);
                message.Headers.Add(ApiHeaders.ProcessId, Identifier.Require(commandId, "command"));
                message.Headers.Accept.Add(Frames);
                message.Headers.Accept.Add(EventStream);
                return message;
            },
            _trace, cancellationToken);
        return new(Server, response, _transport.Limits.Idle);
    }

    /// <summary>Gives a command that was begun with <see cref="ExecRequest.StdinOpen"/> what it reads, as it comes; the end of the source is the end of its input.</summary>
    /// <param name="sandbox">Its sandbox.</param>
    /// <param name="commandId">Its id.</param>
    /// <param name="source">Writes the input to the stream it is given, and flushes what must not wait.</param>
    /// <param name="cancellationToken">Ends the input.</param>
    public Task SendInputAsync(string sandbox, string commandId, Func<Stream, CancellationToken, Task> source, CancellationToken cancellationToken) =>
        _transport.UploadAsync(
            () => new(HttpMethod.Post, $"{Path(sandbox)}/process/{Identifier.Require(commandId, "command")}/stdin") { Content = new LiveContent(source) },
            _trace, cancellationToken);

    /// <summary>Stops a command.</summary>
    /// <param name="sandbox">Its sandbox.</param>
    /// <param name="commandId">Its id.</param>
    /// <param name="signal"><c>INT</c>, <c>TERM</c> or <c>KILL</c>.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    public Task SignalAsync(string sandbox, string commandId, string signal, CancellationToken cancellationToken) =>
        SendOnlyAsync(
            () => WithBody(HttpMethod.Post, $"{Path(sandbox)}/process/{Identifier.Require(commandId, "command")}/signal", null,
                new SignalRequest(signal), ProtocolJson.Default.SignalRequest),
            cancellationToken);
}
