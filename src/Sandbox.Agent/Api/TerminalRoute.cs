using System.ComponentModel;
using System.Globalization;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using Sandbox.Agent.Sessions;
using Sandbox.Agent.Terminals;
using Sandbox.Linux;
using Sandbox.Protocol;

namespace Sandbox.Agent.Api;

/// <summary><c>GET …/pty</c>: the terminal of the session that the request names, else of the session <c>default</c>, else of the sandbox itself.</summary>
internal sealed class TerminalRoute(SessionRegistry sessions, TerminalHolder sandboxTerminal, string runtime, EventLoop loop)
{
    private const string DefaultType = "xterm-256color";
    private const int MaximumReason = 120; // of a close frame: RFC 6455, 5.5

    public async Task InvokeAsync(HttpContext context)
    {
        WebSockets.Require(context);
        IQueryCollection query = context.Request.Query;
        TerminalSize? size = ReadSize(query);
        long? offset = query.TryGetValue("offset", out var given) ? Number(given.ToString(), "offset must be a valid number") : null;
        bool mayControl = query["view"] != "true";
        Session? session = sessions.Find(context.SessionId() ?? Value(query, "session"));
        TerminalHolder holder = session?.Terminal ?? sandboxTerminal;
        Func<Terminal> start = await PrepareAsync(query, session, size ?? TerminalSize.Default);

        // Looked up before the upgrade, so that the client gets an error response.
        Terminal? known = Value(query, "terminal") is { } id ? holder.Get(id) : null;
        if (known is null && !holder.HasLiving)
        {
            WorkingDirectory.Require(session?.WorkingDirectory ?? sessions.Workspace);
        }

        using WebSocket socket = await WebSockets.AcceptAsync(context);
        Terminal terminal;
        try
        {
            terminal = known ?? holder.GetOrStart(start);
        }
        catch (Exception exception) when (exception is Win32Exception or ApiException)
        {
            await RefuseAsync(socket, exception.Message, context.RequestAborted);
            return;
        }

        await TerminalConnection.RunAsync(socket, terminal, size, offset, mayControl, context.RequestAborted);
    }

    private async Task<Func<Terminal>> PrepareAsync(IQueryCollection query, Session? session, TerminalSize size)
    {
        EnvironmentSnapshot variables = session is null ? sessions.Variables : await session.GetVariablesAsync();
        string directory = session?.WorkingDirectory ?? sessions.Workspace;
        string type = Value(query, "term") is { } name && Identifier.IsValid(name) ? name : DefaultType;
        return () => Terminal.Start(TerminalShell.Find(Value(query, "shell"), type, variables.Values, directory, sessions.Workspace, runtime), size, loop);
    }

    private static TerminalSize? ReadSize(IQueryCollection query)
    {
        const string invalid = "cols and rows must be valid numbers";
        if (Value(query, "cols") is not { } columns)
        {
            return Value(query, "rows") is { } alone ? Checked(TerminalSize.Default.Columns, Number(alone, invalid)) : null;
        }

        return Checked(Number(columns, invalid), Value(query, "rows") is { } rows ? Number(rows, invalid) : TerminalSize.Default.Rows);

        static TerminalSize Checked(long columns, long rows) =>
            columns <= int.MaxValue && rows <= int.MaxValue && new TerminalSize((int)columns, (int)rows) is { IsValid: true } size
                ? size
                : throw new ApiException(ErrorCodes.InvalidRequest, invalid);
    }

    private static long Number(string text, string otherwise) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long number)
            ? number
            : throw new ApiException(ErrorCodes.InvalidRequest, otherwise);

    private static string? Value(IQueryCollection query, string name) => query[name].ToString() is { Length: > 0 } value ? value : null;

    private static async Task RefuseAsync(WebSocket socket, string reason, CancellationToken cancellationToken)
    {
        string message = $"Failed to create PTY: {reason}";
        TerminalMessage error = new() { Type = TerminalMessages.Error, Message = message };
        await socket.SendAsync(
            JsonSerializer.SerializeToUtf8Bytes(error, ProtocolJson.Default.TerminalMessage), WebSocketMessageType.Text, true, cancellationToken);
        string shown = Encoding.UTF8.GetByteCount(message) <= MaximumReason ? message : "Failed to create PTY";
        await socket.CloseOutputAsync(WebSocketCloseStatus.InternalServerError, shown, cancellationToken);
    }
}
