using Sandbox.Agent.Commands;
using Sandbox.Protocol;

namespace Sandbox.Agent.Api;

/// <summary><c>…/exec</c> and <c>…/process</c>: running commands, and what can be done to one that runs.</summary>
internal static class ProcessRoutes
{
    /// <summary>Adds the routes.</summary>
    /// <param name="sandbox">Where to.</param>
    /// <param name="services">What they act on.</param>
    public static void Map(RouteGroupBuilder sandbox, AgentServices services)
    {
        sandbox.MapPost("/exec", context => ExecRoute.InvokeAsync(context, services));
        sandbox.MapPost("/process/{process}/stdin", async context =>
        {
            Command command = services.Commands.Get(context.RouteValue("process"));
            if (command.Input is null)
            {
                throw new ApiException(ErrorCodes.InvalidRequest, $"The command '{command.Id}' was not started with 'stdinOpen', so it takes no more input.");
            }

            await command.Input.CopyFromAsync(context.Request.BodyReader, context.RequestAborted);
            await Answer.NoContent(context);
        }).WithMetadata(new UnlimitedBody());
        sandbox.MapPost("/process/{process}/signal", async context =>
        {
            SignalRequest request = await JsonBody.ReadAsync(context, ProtocolJson.Default.SignalRequest);
            if (request.Signal is not ("INT" or "TERM" or "KILL"))
            {
                throw new ApiException(ErrorCodes.InvalidRequest, $"'{request.Signal}' is not a signal that stops a command. Use INT, TERM or KILL.");
            }

            Command command = services.Commands.Get(context.RouteValue("process"));
            command.Session.Stop(command, StopReason.Cancelled, atOnce: request.Signal == "KILL");
            await Answer.NoContent(context);
        });
    }
}
