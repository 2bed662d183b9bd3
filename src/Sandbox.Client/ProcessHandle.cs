using System.Diagnostics;
using System.Net.Http.Headers;
using Sandbox.Protocol;

namespace Sandbox.Client;

/// <summary>A command or process, by id; it may not exist.</summary>
/// <param name="Sandbox">Its sandbox; to start it, also the session.</param>
/// <param name="Id">Its id.</param>
public sealed record ProcessHandle(SandboxHandle Sandbox, string Id)
{
    // Prefer binary frames; older servers respond with server-sent events.
    private static readonly MediaTypeWithQualityHeaderValue Frames = new(CommandFrame.MediaType);
    private static readonly MediaTypeWithQualityHeaderValue EventStream = new(EventStreamFormat.MediaType);

    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(30);

    private SandboxClient Client => Sandbox.Client;

    /// <summary>Starts a command and streams its events. Repeating id and request attaches to the running command.</summary>
    /// <param name="request">What to run.</param>
    /// <param name="cancellationToken">Cancels the request but not the command, see <see cref="SignalAsync"/>.</param>
    public async Task<CommandReader> ExecAsync(ExecRequest request, CancellationToken cancellationToken)
    {
        HttpResponseMessage response = await OpenPatientlyAsync(
            () =>
            {
                HttpRequestMessage message = Sandbox.AtSession(Routes.Execute).ToMessage(request, ProtocolJson.Default.ExecRequest);
                message.Headers.Add(ApiHeaders.ProcessId, Identifier.Require(Id, "command"));
                return message;
            },
            cancellationToken);
        return Reader(response, default);
    }

    /// <summary>Reads the output from a cursor on.</summary>
    /// <param name="from">The cursor.</param>
    /// <param name="follow">Whether to follow the output until the process exits.</param>
    public async Task<CommandReader> ReadOutputAsync(OutputCursor from, bool follow, CancellationToken cancellationToken)
    {
        HttpResponseMessage response = await OpenPatientlyAsync(() => OutputRequest(from, follow, wake: true), cancellationToken);
        return Reader(response, from, follow);
    }

    /// <summary>Starts the process in the background.</summary>
    /// <param name="request">What to run.</param>
    public Task<ProcessInfo> StartAsync(ExecRequest request, CancellationToken cancellationToken) =>
        Client.ReadAsync(
            () =>
            {
                HttpRequestMessage message = Sandbox.AtSession(Routes.StartProcess).ToMessage(request, ProtocolJson.Default.ExecRequest);
                message.Headers.Add(ApiHeaders.ProcessId, Identifier.Require(Id, "process"));
                return message;
            },
            ProtocolJson.Default.ProcessInfo, cancellationToken);

    /// <summary>Returns the command or process.</summary>
    public Task<ProcessInfo> GetAsync(CancellationToken cancellationToken) =>
        Client.ReadAsync(Sandbox.At(Routes.GetProcess, Id), ProtocolJson.Default.ProcessInfo, cancellationToken);

    /// <summary>Waits until the process exits or a port condition is met.</summary>
    /// <param name="port">The port condition; null to wait for the exit only.</param>
    /// <param name="limit">The timeout; <see cref="Timeout.InfiniteTimeSpan"/> for none.</param>
    /// <param name="wake">Whether a stopped sandbox is started; otherwise it is <see cref="ErrorCodes.SandboxStopped"/>.</param>
    public async Task<WaitAnswer> WaitAsync(PortCondition? port, TimeSpan limit, bool wake, CancellationToken cancellationToken)
    {
        long begin = Stopwatch.GetTimestamp();
        Backoff backoff = new(Client.Limits.Resume);
        while (true)
        {
            // Wait by many short requests, so that no wait depends on a single connection.
            TimeSpan left = limit == Timeout.InfiniteTimeSpan ? LongestWait : limit - Stopwatch.GetElapsedTime(begin);
            int milliseconds = (int)Math.Ceiling(Math.Clamp(left.TotalMilliseconds, 0, LongestWait.TotalMilliseconds));
            RequestAddress address = Sandbox.At(Routes.WaitForProcess, Id).With("timeoutMs", milliseconds) with { Wake = wake };
            try
            {
                WaitAnswer answer = await Client.ReadAsync(port?.AddTo(address) ?? address, ProtocolJson.Default.WaitAnswer, cancellationToken);
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

    /// <summary>Removes the exited process and its output.</summary>
    public Task RemoveAsync(CancellationToken cancellationToken) =>
        Client.SendAsync(Sandbox.At(Routes.DeleteProcess, Id).ToMessage, cancellationToken);

    /// <summary>Streams standard input to the command, which was started with <see cref="ExecRequest.StdinOpen"/>; the end of the source closes it.</summary>
    /// <param name="source">Writes the input to a stream and flushes what must be sent immediately.</param>
    /// <param name="cancellationToken">Ends the input.</param>
    public Task SendInputAsync(Func<Stream, CancellationToken, Task> source, CancellationToken cancellationToken) =>
        Client.UploadAsync(() => Sandbox.At(Routes.WriteInput, Id).ToMessage(new PushStreamContent(source)), cancellationToken);

    /// <summary>Writes to the standard input of the process, which was started with <see cref="ExecRequest.StdinOpen"/>.</summary>
    /// <param name="input">The bytes.</param>
    /// <param name="end">Whether to close standard input afterwards.</param>
    /// <param name="cancellationToken">Cancels the request; bytes already written stay written.</param>
    public Task WriteInputAsync(ReadOnlyMemory<byte> input, bool end, CancellationToken cancellationToken) =>
        Client.UploadAsync(() => Sandbox.At(Routes.WriteInput, Id).With("end", end).ToMessage(new ReadOnlyMemoryContent(input)), cancellationToken);

    /// <summary>Sends a signal. INT, TERM and KILL stop it and its child processes.</summary>
    /// <param name="signal">The signal's name: <c>TERM</c>.</param>
    public Task SignalAsync(string signal, CancellationToken cancellationToken) =>
        Client.SendAsync(
            () => Sandbox.At(Routes.SignalProcess, Id).ToMessage(new SignalRequest(signal), ProtocolJson.Default.SignalRequest), cancellationToken);

    /// <summary>Returns <c>sandbox/process</c>.</summary>
    public override string ToString() => $"{Sandbox.Id}/{Id}";

    private HttpRequestMessage OutputRequest(OutputCursor from, bool follow, bool wake) =>
        (Sandbox.At(Routes.ReadOutput, Id).With("from", from.ToString()).With("follow", follow) with { Wake = wake }).ToMessage();

    // The command id makes the request idempotent, so it can be repeated.
    private async Task<HttpResponseMessage> OpenPatientlyAsync(Func<HttpRequestMessage> request, CancellationToken cancellationToken)
    {
        Backoff backoff = new(Client.Limits.Resume);
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

    private Task<HttpResponseMessage> OpenAsync(Func<HttpRequestMessage> request, CancellationToken cancellationToken) => Client.OpenAsync(
        () =>
        {
            HttpRequestMessage message = request();
            message.Headers.Accept.Add(Frames);
            message.Headers.Accept.Add(EventStream);
            return message;
        },
        cancellationToken);

    private CommandReader Reader(HttpResponseMessage response, OutputCursor from, bool follow = true) => new(
        Client.Server, Client.Limits, response, from,

        // Do not start a stopped sandbox just to learn that the process is gone.
        (cursor, cancellationToken) => OpenAsync(() => OutputRequest(cursor, follow, wake: false), cancellationToken));
}
