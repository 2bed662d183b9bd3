using System.Net;
using Sandbox.Linux;
using Sandbox.Protocol;
using Sandbox.Server.Infrastructure;
using Sandbox.Server.Sandboxes;

namespace Sandbox.Server.Lifecycle;

/// <summary>Sends requests to the server of a home that is running already.</summary>
internal sealed class RunningServer(ServerHome home)
{
    private static readonly TimeSpan AnswerLimit = TimeSpan.FromSeconds(3);

    /// <summary>Gets the ready message of the last server of the home, if any.</summary>
    public ReadyMessage? Record => AtomicFile.TryReadJson(home.ReadyFile, ProtocolJson.Default.ReadyMessage, ServerLog.Write);

    private string Socket =>
        Record?.Uri is { } uri && uri.StartsWith(ServeCommand.UnixScheme, StringComparison.Ordinal) ? uri[ServeCommand.UnixScheme.Length..] : home.Socket;

    /// <summary>Returns the server's description, or null when it does not answer.</summary>
    public async Task<ServerInfo?> GetInfoAsync()
    {
        try
        {
            using HttpResponseMessage response = await SendAsync(HttpMethod.Get, "/v1/server");
            return response.StatusCode == HttpStatusCode.OK ? await response.Content.ReadFromJsonAsync(ProtocolJson.Default.ServerInfo) : null;
        }
        catch (Exception exception) when (IsNoAnswer(exception))
        {
            return null;
        }
    }

    /// <summary>Requests the server to exit without its sandboxes.</summary>
    public async Task RequestExitAsync()
    {
        try
        {
            using HttpResponseMessage response = await SendAsync(HttpMethod.Post, "/v1/server/leave");
        }
        catch (Exception exception) when (IsNoAnswer(exception))
        {
            // It has exited, or gets a signal later.
        }
    }

    /// <summary>Terminates a server whose socket cannot be reached any more, but not one that is only slow to answer.</summary>
    public async Task TerminateIfUnreachableAsync()
    {
        if (Record is { } record && ProcessTable.Find(record.ProcessId) is { } process && IsServer(process.Id) && !await ListensAsync())
        {
            ProcessTable.Send(process, Signal.TERM);
        }
    }

    private async Task<bool> ListensAsync()
    {
        await using Stream? connection = await UnixSocket.TryConnectAsync(Socket, CancellationToken.None);
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
        using HttpMessageInvoker invoker = AgentConnection.CreateInvoker(
            async (_, cancellationToken) => await UnixSocket.ConnectAsync(socket, cancellationToken));
        using HttpRequestMessage request = new(method, "http://server" + path);
        HttpResponseMessage response = await invoker.SendAsync(request, limit.Token);
        await response.Content.LoadIntoBufferAsync(limit.Token);
        return response;
    }

    private static bool IsNoAnswer(Exception exception) =>
        exception is HttpRequestException or OperationCanceledException or IOException or System.Text.Json.JsonException;
}
