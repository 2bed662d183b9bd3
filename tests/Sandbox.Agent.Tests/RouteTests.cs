using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Sandbox.Agent.Api;
using Sandbox.Protocol;

namespace Sandbox.Agent.Tests;

/// <summary>The agent serves the routes of the contract, and no others.</summary>
public sealed class RouteTests(AgentFixture agent) : IClassFixture<AgentFixture>
{
    [Fact]
    public void The_agent_maps_exactly_its_routes()
    {
        EndpointCollector endpoints = new();
        AgentApi.Map(endpoints, agent.Services);
        IEnumerable<string> mapped = endpoints.DataSources.SelectMany(source => source.Endpoints).Cast<RouteEndpoint>()
            .Select(endpoint => Describe(endpoint.Metadata.GetMetadata<IHttpMethodMetadata>()?.HttpMethods ?? [], endpoint.RoutePattern.RawText!));
        IEnumerable<string> expected = Routes.All.Where(route => route.Owner is RouteOwner.Agent or RouteOwner.PrivateAgent)
            .Select(route => Describe(route.Methods, route.Template));
        Assert.Equal(expected.Order(StringComparer.Ordinal), mapped.Order(StringComparer.Ordinal));
    }

    private static string Describe(IEnumerable<string> methods, string template) => $"{string.Join(' ', methods)} {template}";

    private sealed class EndpointCollector : IEndpointRouteBuilder
    {
        public IServiceProvider ServiceProvider { get; } = new ServiceCollection().BuildServiceProvider();

        public ICollection<EndpointDataSource> DataSources { get; } = [];

        public IApplicationBuilder CreateApplicationBuilder() => throw new NotSupportedException();
    }
}
