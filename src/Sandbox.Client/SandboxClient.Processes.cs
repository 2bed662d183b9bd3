using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Headers;
using Sandbox.Protocol;

namespace Sandbox.Client;

/// <content>Commands and processes.</content>
public sealed partial class SandboxClient
{
    // Prefer binary frames; older servers respond with server-sent events.
    private static readonly MediaTypeWithQualityHeaderValue Frames = new(CommandFrame.MediaType);
    private static readonly MediaTypeWithQualityHeaderValue EventStream = new(EventStreamFormat.MediaType);

    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(30);

    /// <summary>Starts a command and streams its events.</summary>
    /// <param name="sandbox">The sandbox.</param>
    /// <param name="session">The session; null for the default of the sandbox.</param>
    /// <param name="commandId">The id, chosen by the caller. Repeating id and request attaches to the running command.</param>
    /// <param name="request">What to run.</param>
    /// <param name="cancellationToken">Cancels the request but not the command, see <see cref="SignalAsync"/>.</param>
    public async Task<CommandReader> ExecAsync(
        string sandbox, string? session, string commandId, ExecRequest request, CancellationToken cancellationToken)
    {
        HttpResponseMessage response = await OpenPatientlyAsync(
            () =>
            {
                HttpRequestMessage message = WithBody(HttpMethod.Post, $"{Path(sandbox)}/exec", session, request, ProtocolJson.Default.ExecRequest);
                message.Headers.Add(ApiHeaders.ProcessId, Identifier.Require(commandId, "command"));
                return message;
            },
            cancellationToken);
        return Reader(sandbox, commandId, response, default);
    }

    /// <summary>Reads the output of a command or process from a cursor on.</summary>
    /// <param name="sandbox">Its sandbox.</param>
    /// <param name="processId">Its id.</param>
    /// <param name="from">The cursor.</param>
    /// <param name="follow">Whether to follow the output until the process exits.</param>
    /// <param name="cancellationToken">Cancels the request.</param>
    public async Task<CommandReader> ReadOutputAsync(string sandbox, string processId, OutputCursor from, bool follow, CancellationToken cancellationToken)
    {
        HttpResponseMessage response = await OpenPatientlyAsync(() => OutputRequest(sandbox, processId, from, follow, wake: true), cancellationToken);
        return Reader(sandbox, processId, response, from, follow);
    }

    /// <summary>Starts a process in the background.</summary>
    /// <param name="sandbox">The sandbox.</param>
    /// <param name="session">The session whose directory and variables it starts with; null for the sandbox's default.</param>
    /// <param name="processId">Its id.</param>
    /// <param name="request">What to run.</param>
    /// <param name="cancellationToken">Cancels the request.</param>
    public Task<ProcessInfo> StartProcessAsync(string sandbox, string? session, string processId, ExecRequest request, CancellationToken cancellationToken) =>
        _transport.ReadAsync(
            () =>
            {
                HttpRequestMessage message = WithBody(HttpMethod.Post, $"{Path(sandbox)}/process", session, request, ProtocolJson.Default.ExecRequest);
                message.Headers.Add(ApiHeaders.ProcessId, Identifier.Require(processId, "process"));
                return message;
            },
            ProtocolJson.Default.ProcessInfo, _trace, cancellationToken);

    /// <summary>Lists the processes of a sandbox, oldest first.</summary>
    /// <param name="sandbox">The sandbox.</param>
    /// <param name="includeCommands">Whether retained commands are included.</param>
    /// <param name="wake">Whether a stopped sandbox is started; otherwise the list is empty.</param>
    /// <param name="cancellationToken">Cancels the request.</param>
    public async Task<IReadOnlyList<ProcessInfo>> GetProcessesAsync(string sandbox, bool includeCommands, bool wake, CancellationToken cancellationToken)
    {
        string path = $"{Path(sandbox)}/process{(includeCommands ? "?commands=true" : "")}";
        return (await _transport.ReadAsync(
            () => WithWake(Bare(HttpMethod.Get, path, null), wake),
            ProtocolJson.Default.ProcessList, _trace, cancellationToken)).Processes;
    }

    /// <summary>Returns a command or process.</summary>
    /// <param name="sandbox">Its sandbox.</param>
    /// <param name="processId">Its id.</param>
    /// <param name="cancellationToken">Cancels the request.</param>
    public Task<ProcessInfo> GetProcessAsync(string sandbox, string processId, CancellationToken cancellationToken) =>
        GetAsync(ProcessPath(sandbox, processId), null, ProtocolJson.Default.ProcessInfo, cancellationToken);

    /// <summary>Waits until a process exits or a port condition is met.</summary>
    /// <param name="sandbox">Its sandbox.</param>
    /// <param name="processId">Its id.</param>
    /// <param name="port">The port condition; null to wait for the exit only.</param>
    /// <param name="limit">The timeout; <see cref="Timeout.InfiniteTimeSpan"/> for none.</param>
    /// <param name="wake">Whether a stopped sandbox is started; otherwise it is <see cref="ErrorCodes.SandboxStopped"/>.</param>
    /// <param name="cancellationToken">Cancels the request.</param>
    public async Task<WaitAnswer> WaitProcessAsync(
        string sandbox, string processId, PortCondition? port, TimeSpan limit, bool wake, CancellationToken cancellationToken)
    {
        long begin = Stopwatch.GetTimestamp();
        Backoff backoff = new(_transport.Limits.Resume);
        while (true)
        {
            // Wait by many short requests, so that no wait depends on a single connection.
            TimeSpan left = limit == Timeout.InfiniteTimeSpan ? LongestWait : limit - Stopwatch.GetElapsedTime(begin);
            int milliseconds = (int)Math.Ceiling(Math.Clamp(left.TotalMilliseconds, 0, LongestWait.TotalMilliseconds));
            string query = string.Create(CultureInfo.InvariantCulture, $"?timeoutMs={milliseconds}{port?.ToQuery()}");
            try
            {
                WaitAnswer answer = await _transport.ReadAsync(
                    () => WithWake(Bare(HttpMethod.Get, $"{ProcessPath(sandbox, processId)}/wait{query}", null), wake),
                    ProtocolJson.Default.WaitAnswer, _trace, cancellationToken);
                if (answer.Outcome != WaitOutcomes.TimedOut || left <= TimeSpan.Zero)
                {
                    return answer;
                }

                backoff.Restart();
            }
            catch (Exception e) when (Backoff.IsTransient(e))
            {
                if (!await backoff.WaitAsync(cancellationToken))
                {
                    throw;
                }
            }
        }
    }

    /// <summary>Removes an exited process and its output.</summary>
    /// <param name="sandbox">Its sandbox.</param>
    /// <param name="processId">Its id.</param>
    /// <param name="cancellationToken">Cancels the request.</param>
    public Task RemoveProcessAsync(string sandbox, string processId, CancellationToken cancellationToken) =>
        SendOnlyAsync(() => Bare(HttpMethod.Delete, ProcessPath(sandbox, processId), null), cancellationToken);

    /// <summary>Removes all exited processes and their output.</summary>
    /// <param name="sandbox">Their sandbox.</param>
    /// <param name="cancellationToken">Cancels the request.</param>
    public Task RemoveEndedProcessesAsync(string sandbox, CancellationToken cancellationToken) =>
        SendOnlyAsync(() => Bare(HttpMethod.Delete, $"{Path(sandbox)}/process", null), cancellationToken);

    /// <summary>Streams standard input to a command started with <see cref="ExecRequest.StdinOpen"/>; the end of the source closes it.</summary>
    /// <param name="sandbox">Its sandbox.</param>
    /// <param name="commandId">Its id.</param>
    /// <param name="source">Writes the input to a stream and flushes what must be sent at once.</param>
    /// <param name="cancellationToken">Ends the input.</param>
    public Task SendInputAsync(string sandbox, string commandId, Func<Stream, CancellationToken, Task> source, CancellationToken cancellationToken) =>
        _transport.UploadAsync(
            () => new(HttpMethod.Post, ProcessPath(sandbox, commandId) + "/stdin") { Content = new PushStreamContent(source) },
            _trace, cancellationToken);

    /// <summary>Writes to the standard input of a process started with <see cref="ExecRequest.StdinOpen"/>.</summary>
    /// <param name="sandbox">Its sandbox.</param>
    /// <param name="processId">Its id.</param>
    /// <param name="input">The bytes.</param>
    /// <param name="end">Whether to close standard input afterwards.</param>
    /// <param name="cancellationToken">Cancels the request; bytes already written stay written.</param>
    public Task WriteInputAsync(string sandbox, string processId, ReadOnlyMemory<byte> input, bool end, CancellationToken cancellationToken) =>
        _transport.UploadAsync(
            () =>
                new(HttpMethod.Post, $"{ProcessPath(sandbox, processId)}/stdin?end={(end ? "true" : "false")}") { Content = new ReadOnlyMemoryContent(input) },
            _trace, cancellationToken);

    /// <summary>Sends a signal to a command or process. INT, TERM and KILL stop it and its child processes.</summary>
    /// <param name="sandbox">Its sandbox.</param>
    /// <param name="processId">Its id.</param>
    /// <param name="signal">The signal's name: <c>TERM</c>.</param>
    /// <param name="cancellationToken">Cancels the request.</param>
    public Task SignalAsync(string sandbox, string processId, string signal, CancellationToken cancellationToken) =>
        SendOnlyAsync(
            () => WithBody(HttpMethod.Post, $"{ProcessPath(sandbox, processId)}/signal", null, new SignalRequest(signal), ProtocolJson.Default.SignalRequest),
            cancellationToken);

    /// <summary>Sends all processes of a sandbox a signal, in one step.</summary>
    /// <param name="sandbox">The sandbox.</param>
    /// <param name="signal">The signal's name: <c>TERM</c>.</param>
    /// <param name="cancellationToken">Cancels the request.</param>
    public Task SignalAllAsync(string sandbox, string signal, CancellationToken cancellationToken) =>
        SendOnlyAsync(
            () => WithBody(HttpMethod.Post, $"{Path(sandbox)}/process/signal", null, new SignalRequest(signal), ProtocolJson.Default.SignalRequest),
            cancellationToken);

    private static string ProcessPath(string sandbox, string processId) => $"{Path(sandbox)}/process/{Identifier.Require(processId, "process")}";

    private static HttpRequestMessage OutputRequest(string sandbox, string processId, OutputCursor from, bool follow, bool wake) =>
        WithWake(Bare(HttpMethod.Get, $"{ProcessPath(sandbox, processId)}/output?from={from}&follow={(follow ? "true" : "false")}", null), wake);

    // The command id makes the request idempotent, so it can be repeated.
    private async Task<HttpResponseMessage> OpenPatientlyAsync(Func<HttpRequestMessage> request, CancellationToken cancellationToken)
    {
        Backoff backoff = new(_transport.Limits.Resume);
        bool wasSent = false;
        while (true)
        {
            try
            {
                return await OpenAsync(request, cancellationToken);
            }
            catch (Exception e) when (e is ConnectionLostException || (wasSent && Backoff.IsTransient(e)))
            {
                wasSent = true;
                if (!await backoff.WaitAsync(cancellationToken))
                {
                    throw;
                }
            }
        }
    }

    private Task<HttpResponseMessage> OpenAsync(Func<HttpRequestMessage> request, CancellationToken cancellationToken) => _transport.OpenAsync(
        () =>
        {
            HttpRequestMessage message = request();
            message.Headers.Accept.Add(Frames);
            message.Headers.Accept.Add(EventStream);
            return message;
        },
        _trace, cancellationToken);

    private CommandReader Reader(string sandbox, string processId, HttpResponseMessage response, OutputCursor from, bool follow = true) => new(
        Server, _transport.Limits, response, from,

        // Do not start a stopped sandbox just to learn that the process is gone.
        (cursor, cancellationToken) => OpenAsync(() => OutputRequest(sandbox, processId, cursor, follow, wake: false), cancellationToken));
}
