using Sandbox.Agent.Commands;
using Sandbox.Agent.Sessions;
using Sandbox.Protocol;

namespace Sandbox.Agent.Api;

/// <summary><c>POST …/exec</c>: starts a command, or finds the one that the same request started before, and streams its output log.</summary>
internal static class ExecRoute
{
    public static async Task InvokeAsync(HttpContext context, CommandRegistry commands, SessionRegistry sessions)
    {
        ExecRequest request = await JsonBody.ReadAsync(context, ProtocolJson.Default.ExecRequest);
        RequestValidator.Validate(request);
        string? sessionId = context.SessionId();
        string id = context.ProcessId();
        Command command = commands.GetOrAddCommand(id, sessionId, request, () => sessions.Find(sessionId) ?? sessions.CreateEphemeral(), out bool isNew);

        // Opened before the command starts, so that the command is paused for this reader from the first byte on.
        using OutputLogReader reader = command.Output.OpenReader(default(OutputCursor));
        if (isNew)
        {
            try
            {
                command.Runner!.Enqueue(command);
            }
            catch (ApiException)
            {
                commands.Remove(command);
                throw;
            }
        }

        context.Response.Headers[ApiHeaders.ProcessId] = id;
        await CommandStream.WriteAsync(context, reader);
    }
}
