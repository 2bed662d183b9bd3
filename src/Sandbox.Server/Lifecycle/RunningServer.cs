using System.Net;
using Sandbox.Linux;
using Sandbox.Protocol;
using Sandbox.Server.Infrastructure;
using Sandbox.Server.Sandboxes;

namespace Sandbox.Server.Lifecycle;

/// <summary>Talks to the server that runs already, wherever it said it listens.</summary>
/// <param name="home">The home they share.</param>
internal sealed class RunningServer(ServerHome home)
{
    private static readonly TimeSpan AnswerLimit = TimeSpan.FromSeconds(3);

    /// <summary>What it said when it was ready; null when none did.</summary>
    public ReadyLine? Record => AtomicFile.TryRead(home.ReadyFile, ProtocolJson.Default.ReadyLine);

    private string Socket =>
        Record?.Uri is { } uri && uri.StartsWith(ServeCommand.UnixScheme, StringComparison.Ordinal) ? uri[ServeCommand.UnixScheme.Length..] : home.Socket;

    /// <summary>Asks it who it is; null when it does not answer.</summary>
    public async Task<ServerInfo?> AskAsync()
    {
        try
        {
            using HttpResponseMessage answer = await SendAsync(HttpMethod.Get, "/v1/server");
            return answer.StatusCode == HttpStatusCode.OK ? await answer.Content.ReadFromJsonAsync(ProtocolJson.Default.ServerInfo) : null;
        }
        catch (Exception exception) when (IsNoAnswer(exception))
        {
            return null;
        }
    }

    /// <summary>Asks it to end, its sandboxes left alone.</summary>
    public async Task AskToLeaveAsync()
    {
        try
        {
            using HttpResponseMessage answer = await SendAsync(HttpMethod.Post, "/v1/server/leave");
        }
        catch (Exception exception) when (IsNoAnswer(exception))
        {
            // Then it is gone, or is told by a signal later.
        }
    }

    /// <summary>Tells a server to end that said it was ready and cannot be reached any more: its socket's directory may be gone. One that is only slow to answer stays.</summary>
    public async Task TellToLeaveIfUnreachableAsync()
    {
        if (Record is { } record && ProcessTable.Find(record.ProcessId) is { } process && IsServer(process.Id) && !await ListensAsync())
        {
            ProcessTable.Send(process, Signal.TERM);
        }
    }

    private async Task<bool> ListensAsync()
    {
        await using Stream? connection = await AgentConnection.TryConnectAsync(Socket, CancellationToken.None);
        return connection is not null;
    }

    private static bool IsServer(int process)
    {
        try
        {
            return File.ReadAllText($"/proc/{process}/comm").Trim() is "sandboxd" or "dotnet";
        }
        catch (IOException)
        {
            return false;
        }
    }

    private async Task<HttpResponseMessage> SendAsync(HttpMethod method, string path)
    {
        string socket = Socket;
        using CancellationTokenSource limit = new(AnswerLimit);
        using HttpMessageInvoker invoker = AgentConnection.CreateInvoker(async (_, cancel) => await AgentConnection.ConnectAsync(socket, cancel));
        using HttpRequestMessage request = new(method, "http://server" + path);
        HttpResponseMessage answer = await invoker.SendAsync(request, limit.Token);
        await answer.Content.LoadIntoBufferAsync(limit.Token);
        return answer;
    }

    private static bool IsNoAnswer(Exception exception) => exception is HttpRequestException or OperationCanceledException or IOException or System.Text.Json.JsonException;
}
