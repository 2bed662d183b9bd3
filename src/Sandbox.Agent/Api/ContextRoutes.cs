using Sandbox.Agent.Code;
using Sandbox.Protocol;

namespace Sandbox.Agent.Api;

/// <summary><c>…/context</c>: code contexts and code that runs in them.</summary>
internal static class ContextRoutes
{
    public static void Map(IEndpointRouteBuilder routes, ContextRegistry contexts)
    {
        routes.Map(Routes.CreateContext, async context =>
        {
            ContextCreateRequest request = await JsonBody.ReadAsync(context, ProtocolJson.Default.ContextCreateRequest, new ContextCreateRequest());
            CodeContext made = await contexts.CreateAsync(request, context.SessionId());
            await JsonBody.WriteAsync(context, made.ToInfo(), ProtocolJson.Default.ContextInfo);
        });
        routes.Map(Routes.ListContexts, context =>
            JsonBody.WriteAsync(context, new ContextList([.. contexts.All().Select(made => made.ToInfo())]), ProtocolJson.Default.ContextList));
        routes.Map(Routes.GetContext, context =>
            JsonBody.WriteAsync(context, contexts.Get(context.RouteValue("context")).ToInfo(), ProtocolJson.Default.ContextInfo));
        routes.Map(Routes.DeleteContext, context =>
        {
            contexts.Delete(context.RouteValue("context"));
            return Responses.NoContent(context);
        });
        routes.Map(Routes.RunCode, async context =>
        {
            CodeRunRequest request = await JsonBody.ReadAsync(context, ProtocolJson.Default.CodeRunRequest);
            RequestValidator.Validate(request);
            CodeContext place = contexts.Get(context.RouteValue("context"));
            place.Require(request);
            await CodeStream.WriteAsync(context, place, new CodeRun(request));
        });
    }
}
