using Sandbox.Agent.Commands;
using Sandbox.Agent.Sessions;
using Sandbox.Protocol;

namespace Sandbox.Agent.Api;

/// <summary><c>POST …/exec</c>: starts a command, or finds the one that the same request started before, and streams its journal.</summary>
internal static class ExecRoute
{
    /// <summary>Serves a request.</summary>
    /// <param name="context">The request.</param>
    /// <param name="services">What it acts on.</param>
    public static async Task InvokeAsync(HttpContext context, AgentServices services)
    {
        ExecRequest request = await JsonBody.ReadAsync(context, ProtocolJson.Default.ExecRequest);
        Validate(request);
        string? sessionId = context.SessionId();
        string id = context.Request.Headers.TryGetValue(ApiHeaders.ProcessId, out var given)
            ? Identifier.Require(given.ToString(), "process")
            : Identifier.Generate();

        Command command = services.Commands.GetOrAdd(id, sessionId, request, () => services.Sessions.Find(sessionId) ?? services.Sessions.CreateTemporary(), out bool isNew);

        // Followed before it starts, so that it is held back for this reader from the first byte on.
        using JournalFollower follower = command.Journal.Follow();
        if (isNew)
        {
            try
            {
                command.Session.Enqueue(command);
            }
            catch (ApiException)
            {
                services.Commands.Remove(command);
                throw;
            }
        }

        context.Response.Headers[ApiHeaders.ProcessId] = id;
        await CommandStream.WriteAsync(context, follower);
    }

    private static void Validate(ExecRequest request)
    {
        RequestFields.RequireNone(request.Unknown);
        if (request.Command is null && request.Argv is null or { Length: 0 })
        {
            throw new ApiException(ErrorCodes.InvalidRequest, "argv must be a non-empty array, or 'command' a text for the shell.");
        }

        if (request.Command is not null && request.Argv is not null)
        {
            throw new ApiException(ErrorCodes.InvalidRequest, "Give either 'argv' or 'command', not both.");
        }

        if (request.Stdin is not null && request.StdinOpen)
        {
            throw new ApiException(ErrorCodes.InvalidRequest, "Give either 'stdin' or 'stdinOpen', not both.");
        }

        foreach (string text in request.Argv ?? [request.Command!])
        {
            if (text is null || text.Contains('\0'))
            {
                throw new ApiException(ErrorCodes.InvalidRequest, text is null
                    ? "argv must hold texts only, and one is null."
                    : "A command cannot contain a NUL character. Pass such data through standard input.");
            }
        }

        if (request.Cwd?.Contains('\0') == true)
        {
            throw new ApiException(ErrorCodes.InvalidRequest, "A directory's name cannot contain a NUL character.");
        }

        VariableName.RequireAll(request.Env);
        VariableName.RequireAll(request.SecretEnv);
        TimeLimit.Require(request.TimeoutMs, "timeout_ms");
    }
}
