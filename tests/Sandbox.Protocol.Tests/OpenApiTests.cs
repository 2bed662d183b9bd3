using System.Text.Json.Nodes;

namespace Sandbox.Protocol.Tests;

/// <summary>The OpenAPI document; the tests of server and agent compare the routes with what they map.</summary>
public sealed class OpenApiTests
{
    private static readonly JsonObject Document = JsonNode.Parse(OpenApiDocument.Create("1.2.3").ToJsonString())!.AsObject();

    [Fact]
    public void Every_public_route_is_described_and_nothing_else()
    {
        IEnumerable<string> expected = Routes.All.Where(route => route.Owner != RouteOwner.PrivateAgent).SelectMany(route => Addresses(route));
        IEnumerable<string> described = Document["paths"]!.AsObject()
            .SelectMany(path => path.Value!.AsObject().Select(operation => $"{operation.Key} {path.Key}"));
        Assert.Equal(expected.Order(StringComparer.Ordinal), described.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Every_reference_resolves()
    {
        string[] references = [.. Nodes(Document).OfType<JsonObject>().Select(node => (string?)node["$ref"]).OfType<string>().Distinct()];
        Assert.Contains("#/components/schemas/SandboxInfo", references);
        Assert.All(references, reference =>
        {
            JsonNode? node = Document;
            foreach (string part in reference.Split('/').Skip(1))
            {
                node = node?[part];
            }

            Assert.True(node is not null, reference);
        });
    }

    [Fact]
    public void Every_operation_has_an_id_of_its_own_and_declares_its_path_parameters()
    {
        JsonObject[] operations =
        [
            .. Document["paths"]!.AsObject().SelectMany(path => path.Value!.AsObject().Select(operation => operation.Value!.AsObject())),
        ];
        string[] ids = [.. operations.Select(operation => (string)operation["operationId"]!)];
        Assert.Equal(ids.Distinct(), ids);
        Assert.All(Document["paths"]!.AsObject(), path => Assert.All(path.Value!.AsObject(), operation => Assert.Equal(
            path.Key.Split('{').Skip(1).Select(part => part.Split('}')[0]),
            operation.Value!["parameters"]!.AsArray().Where(parameter => (string?)parameter!["in"] == "path")
                .Select(parameter => (string)parameter!["name"]!))));
    }

    [Fact]
    public void Models_have_the_fields_of_the_wire()
    {
        JsonObject schemas = Document["components"]!["schemas"]!.AsObject();
        JsonObject create = schemas["SandboxCreateRequest"]!.AsObject();
        Assert.Equal(["id", "env", "secretEnv", "labels"], create["properties"]!.AsObject().Select(property => property.Key).Take(4));
        Assert.False((bool)create["additionalProperties"]!);
        Assert.Equal(["running", "stopped"], schemas["SandboxInfo"]!["properties"]!["state"]!["enum"]!.AsArray().Select(value => (string)value!));
        Assert.Equal(404, (int)schemas["ErrorBody"]!["properties"]!["code"]!["x-codes"]!["sandbox_not_found"]!["status"]!);
    }

    [Fact]
    public void Open_routes_declare_that_they_need_no_key()
    {
        Assert.Equal(["/health", "/v1/openapi", "/v1/openapi.json"], Document["paths"]!.AsObject()
            .Where(path => path.Value!["get"]?["security"] is JsonArray { Count: 0 }).Select(path => path.Key).Order(StringComparer.Ordinal));
        Assert.Equal("bearer", (string?)Document["components"]!["securitySchemes"]!["key"]!["scheme"]);
    }

    [Fact]
    public void Route_ids_are_unique_and_paths_take_values()
    {
        Assert.Equal(Routes.All.Count, Routes.All.Select(route => route.Id).Distinct().Count());
        Assert.Equal("CreateSession", Routes.CreateSession.Id);
        Assert.Equal("v1/sandbox/a/process/b/stdin", Routes.WriteInput.PathOf("a", "b"));
        Assert.Equal("v1/sandbox/a/file", Routes.ReadFile.PathOf("a"));
    }

    private static IEnumerable<string> Addresses(ApiRoute route)
    {
        string[] methods = route.Methods is [] ? ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"] : route.Methods;
        string[] paths = route.Template.EndsWith("/{**path}", StringComparison.Ordinal)
            ? [route.Template.Replace("{**path}", "{path}", StringComparison.Ordinal), route.Template.Replace("/{**path}", "", StringComparison.Ordinal)]
            : [route.Template];
        return methods.SelectMany(method => paths.Select(path => $"{method.ToLowerInvariant()} {path}"));
    }

    private static IEnumerable<JsonNode> Nodes(JsonNode node) => node switch
    {
        JsonObject values => values.Select(pair => pair.Value).OfType<JsonNode>().SelectMany(Nodes).Prepend(node),
        JsonArray items => items.OfType<JsonNode>().SelectMany(Nodes).Prepend(node),
        _ => [node],
    };
}
