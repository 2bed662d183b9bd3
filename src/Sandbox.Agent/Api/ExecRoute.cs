using Sandbox.Agent.Commands;
using Sandbox.Protocol;

namespace Sandbox.Agent.Api;

/// <summary><c>POST …/exec</c>: starts a command, or finds the one that the same request started before, and streams its journal.</summary>
internal static class ExecRoute
{
    /// <summary>Serves a request.</summary>
    /// <param name="context">The request.</param>
    /// <param name="services">What it acts on.</param>
    public static async Task InvokeAsync(HttpContext context, AgentComposition services)
    {
        ExecRequest request = await JsonBody.ReadAsync(context, ProtocolJson.Default.ExecRequest);
        ExecRules.Require(request);
        string? sessionId = context.SessionId();
        string id = context.ProcessId();
        Command command = services.Commands.GetOrAddCommand(id, sessionId, request, () => services.Sessions.Find(sessionId) ?? services.Sessions.CreateEphemeral(), out bool isNew);

        // Followed before it starts, so that it is held back for this reader from the first byte on.
        using OutputLogReader reader = command.Output.Follow(default(OutputCursor));
        if (isNew)
        {
            try
            {
                command.Session!.Enqueue(command);
            }
            catch (ApiException)
            {
                services.Commands.Remove(command);
                throw;
            }
        }

        context.Response.Headers[ApiHeaders.ProcessId] = id;
        await CommandStream.WriteAsync(context, reader);
    }
}
