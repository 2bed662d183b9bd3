using System.Globalization;
using System.Net;
using Sandbox.Agent.Commands;
using Sandbox.Agent.Ports;
using Sandbox.Protocol;

namespace Sandbox.Agent.Api;

/// <summary><c>GET …/process/{pid}/wait</c>: responds when the process has ended or a port is listened on, and after 30 seconds at the latest, so that no
/// request stays open for long.</summary>
internal static class WaitRoute
{
    private const int MaximumWaitMs = 30_000;
    private const int LowestGood = 200;
    private const int HighestGood = 399;

    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(25);

    // A probe that takes longer is repeated.
    private static readonly HttpClient Probe =
        new(new SocketsHttpHandler { UseProxy = false, AllowAutoRedirect = false }) { Timeout = TimeSpan.FromSeconds(5) };

    public static async Task InvokeAsync(HttpContext context, Command command)
    {
        int? port = context.Query<int?>("port", null, TryParsePort, "a port from 1 to 65535");
        string? path = context.Query<string?>("path", null, TryParsePath, "a path that begins with '/'");
        int? status = context.Query<int?>("status", null, TryParseStatus, "a status from 100 to 599");
        int limit = context.Query("timeoutMs", MaximumWaitMs, TryParseLimit, $"a number of milliseconds from 0 to {MaximumWaitMs}");
        if (port is null && (path is not null || status is not null))
        {
            throw new ApiException(ErrorCodes.InvalidRequest, "'path' and 'status' need a 'port'.");
        }

        using CancellationTokenSource over = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted);
        over.CancelAfter(limit);
        string outcome;
        try
        {
            Task ready = port is { } number
                ? WaitForPortAsync(number, path ?? (status is null ? null : "/"), status, over.Token)
                : Task.Delay(Timeout.Infinite, over.Token);
            outcome = await Task.WhenAny(command.Ended, ready) == command.Ended ? WaitOutcomes.Exited : WaitOutcomes.Ready;
            await (outcome == WaitOutcomes.Exited ? Task.CompletedTask : ready);
        }
        catch (OperationCanceledException) when (!context.RequestAborted.IsCancellationRequested)
        {
            outcome = WaitOutcomes.TimedOut;
        }

        await over.CancelAsync();
        await JsonBody.WriteAsync(context, new WaitAnswer(outcome, command.ToInfo()), ProtocolJson.Default.WaitAnswer);
    }

    private static async Task WaitForPortAsync(int port, string? path, int? status, CancellationToken cancellationToken)
    {
        while (!(LoopbackPorts.AddressOf(port) is { } address && (path is null || await AnswersAsync(address, port, path, status, cancellationToken))))
        {
            await Task.Delay(PollInterval, cancellationToken);
        }
    }

    private static async Task<bool> AnswersAsync(IPAddress address, int port, string path, int? status, CancellationToken cancellationToken)
    {
        try
        {
            using HttpResponseMessage answer = await Probe.GetAsync(
                new UriBuilder("http", address.ToString(), port).Uri + path.TrimStart('/'), HttpCompletionOption.ResponseHeadersRead, cancellationToken);
            int got = (int)answer.StatusCode;
            return status is null ? got is >= LowestGood and <= HighestGood : got == status;
        }
        catch (Exception exception) when (exception is HttpRequestException or TaskCanceledException && !cancellationToken.IsCancellationRequested)
        {
            return false;
        }
    }

    private static bool TryParsePort(string text, out int? port) => TryParse(text, 1, ushort.MaxValue, out port);

    private static bool TryParseStatus(string text, out int? status) => TryParse(text, 100, 599, out status);

    private static bool TryParseLimit(string text, out int limit)
    {
        bool isGood = TryParse(text, 0, MaximumWaitMs, out int? value);
        limit = value ?? 0;
        return isGood;
    }

    private static bool TryParse(string text, int least, int most, out int? number)
    {
        bool isGood = int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int value) && value >= least && value <= most;
        number = isGood ? value : null;
        return isGood;
    }

    private static bool TryParsePath(string text, out string? path)
    {
        path = text;
        return text.StartsWith('/');
    }
}
