using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Schema;
using System.Text.Json.Serialization.Metadata;

namespace Sandbox.Protocol;

/// <summary>The OpenAPI description of the API, made from <see cref="Routes"/>, <see cref="ErrorCodes"/> and the JSON models.</summary>
public static class OpenApiDocument
{
    private const string AnyMethods = "GET HEAD POST PUT PATCH DELETE OPTIONS";
    private const string Schemas = "#/components/schemas/";

    private static readonly string[] Headers = [ApiHeaders.SessionId, ApiHeaders.ProcessId, ApiHeaders.Wake];

    private static IEnumerable<ApiRoute> Public => Routes.All.Where(route => route.Owner != RouteOwner.PrivateAgent);

    /// <summary>Creates the document.</summary>
    /// <param name="version">The version of the server.</param>
    public static JsonObject Create(string version)
    {
        JsonObject paths = [];
        foreach (ApiRoute route in Public)
        {
            bool hasRest = route.Template.EndsWith(ApiRoute.RestOfPath, StringComparison.Ordinal);
            Add(paths, route, route.Template.Replace("**", "", StringComparison.Ordinal), hasRest ? "AtPath" : "");
            if (hasRest)
            {
                Add(paths, route, route.Template[..^ApiRoute.RestOfPath.Length], "");
            }
        }

        return new JsonObject
        {
            ["openapi"] = "3.1.0",
            ["info"] = new JsonObject { ["title"] = "Sandbox", ["version"] = version },
            ["security"] = new JsonArray(new JsonObject { ["key"] = new JsonArray() }),
            ["paths"] = paths,
            ["components"] = new JsonObject
            {
                ["securitySchemes"] = new JsonObject { ["key"] = new JsonObject { ["type"] = "http", ["scheme"] = "bearer" } },
                ["parameters"] = new JsonObject(Headers.Select(name => Named(name, Parameter(name, "header")))),
                ["responses"] = new JsonObject { ["Error"] = Body(ApiRoute.Json, typeof(ErrorBody), "An error.") },
                ["schemas"] = CreateSchemas(),
            },
        };
    }

    private static void Add(JsonObject paths, ApiRoute route, string path, string suffix)
    {
        JsonObject operations = paths[path] as JsonObject ?? [];
        paths[path] = operations;
        string[] methods = route.Methods is [] ? AnyMethods.Split(' ') : route.Methods;
        foreach (string method in methods)
        {
            string name = method.ToLowerInvariant();
            string id = JsonNamingPolicy.CamelCase.ConvertName(route.Id) + suffix + (method == methods[0] ? "" : "_" + name);
            operations[name] = Operation(route, path, id);
        }
    }

    private static JsonObject Operation(ApiRoute route, string path, string id)
    {
        JsonObject operation = new()
        {
            ["operationId"] = id,
            ["summary"] = route.Summary,
            ["parameters"] = new JsonArray(
            [
                .. path.Split('{').Skip(1).Select(part => Parameter(part[..part.IndexOf('}')], "path")),
                .. route.Query.Where(name => !path.EndsWith($"{{{name}}}", StringComparison.Ordinal)).Select(name => Parameter(name, "query")),
                .. route.Owner == RouteOwner.Agent ? Headers.Select(name => Reference("#/components/parameters/" + name)) : [],
            ]),
            ["responses"] = new JsonObject
            {
                [$"{route.Status}"] = Body(route.ResponseMedia, route.Response, "Success."),
                ["default"] = Reference("#/components/responses/Error"),
            },
        };
        if (route.RequestMedia is not null)
        {
            operation["requestBody"] = Body(route.RequestMedia, route.Request, null);
        }

        if (Routes.IsOpen(path))
        {
            operation["security"] = new JsonArray();
        }

        return operation;
    }

    private static JsonObject Parameter(string name, string place)
    {
        JsonObject parameter = new() { ["name"] = name, ["in"] = place, ["schema"] = new JsonObject { ["type"] = "string" } };
        if (place == "path")
        {
            parameter["required"] = true;
        }

        return parameter;
    }

    private static JsonObject Body(string? media, Type? model, string? description)
    {
        JsonObject body = [];
        if (description is not null)
        {
            body["description"] = description;
        }

        if (media is not null)
        {
            body["content"] = new JsonObject { [media] = model is null ? new JsonObject() : new JsonObject { ["schema"] = Reference(Schemas + model.Name) } };
        }

        return body;
    }

    private static JsonObject CreateSchemas()
    {
        SortedDictionary<string, JsonNode?> schemas = new(StringComparer.Ordinal);
        Queue<Type> models = new(Public.SelectMany(route => new[] { route.Request, route.Response }).OfType<Type>().Append(typeof(ErrorBody)));
        JsonSchemaExporterOptions options = new()
        {
            TransformSchemaNode = (context, schema) =>
            {
                if (context.Path.Length > 0 && context.TypeInfo.Kind == JsonTypeInfoKind.Object)
                {
                    models.Enqueue(context.TypeInfo.Type);
                    return Reference(Schemas + context.TypeInfo.Type.Name);
                }

                if (schema is JsonObject model && context.TypeInfo.Properties.Any(property => property.IsExtensionData))
                {
                    // Unknown fields are refused, see RequestFields.
                    model["additionalProperties"] = false;
                }

                return schema;
            },
        };
        while (models.TryDequeue(out Type? model))
        {
            if (!schemas.ContainsKey(model.Name))
            {
                schemas[model.Name] = ProtocolJson.Default.GetTypeInfo(model)!.GetJsonSchemaAsNode(options);
            }
        }

        schemas[nameof(ErrorBody)]!["properties"]!["code"]!["x-codes"] = new JsonObject(ErrorCodes.All.OrderBy(kind => kind.Code, StringComparer.Ordinal)
            .Select(kind => Named(kind.Code, new JsonObject { ["status"] = kind.Status, ["recommendedAction"] = kind.RecommendedAction })));
        return new JsonObject(schemas);
    }

    private static KeyValuePair<string, JsonNode?> Named(string name, JsonObject node) => new(name, node);

    private static JsonObject Reference(string target) => new() { ["$ref"] = target };
}
