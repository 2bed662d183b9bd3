using Sandbox.Agent.Code;
using Sandbox.Protocol;

namespace Sandbox.Agent.Api;

/// <summary><c>…/context</c>: code contexts, and code that runs in them.</summary>
internal static class ContextRoutes
{
    /// <summary>Adds the routes.</summary>
    /// <param name="sandbox">Where to.</param>
    /// <param name="contexts">What they act on.</param>
    public static void Map(RouteGroupBuilder sandbox, ContextRegistry contexts)
    {
        sandbox.MapPost("/context", async context =>
        {
            ContextCreateRequest request = await JsonBody.ReadAsync(context, ProtocolJson.Default.ContextCreateRequest, new ContextCreateRequest());
            CodeContext made = await contexts.CreateAsync(request, context.SessionId());
            await JsonBody.WriteAsync(context, made.ToInfo(), ProtocolJson.Default.ContextInfo);
        });
        sandbox.MapGet("/context", context =>
            JsonBody.WriteAsync(context, new ContextList([.. contexts.All().Select(made => made.ToInfo())]), ProtocolJson.Default.ContextList));
        sandbox.MapGet("/context/{context}", context =>
            JsonBody.WriteAsync(context, contexts.Get(context.RouteValue("context")).ToInfo(), ProtocolJson.Default.ContextInfo));
        sandbox.MapDelete("/context/{context}", context =>
        {
            contexts.Delete(context.RouteValue("context"));
            return Responses.NoContent(context);
        });
        sandbox.MapPost("/context/{context}/run", async context =>
        {
            CodeRunRequest request = await JsonBody.ReadAsync(context, ProtocolJson.Default.CodeRunRequest);
            Validate(request);
            CodeContext place = contexts.Get(context.RouteValue("context"));
            place.Require(request);
            await CodeStream.WriteAsync(context, place, new CodeRun(request));
        });
    }

    private static void Validate(CodeRunRequest request)
    {
        RequestFields.RequireNone(request.Unknown);
        if (request.Code is null)
        {
            throw new ApiException(ErrorCodes.InvalidRequest, "'code' must be the code to run.");
        }

        VariableName.RequireAll(request.Env);
        VariableName.RequireAll(request.SecretEnv);
        TimeLimit.Require(request.TimeoutMs, "timeoutMs");
    }
}
