using Microsoft.AspNetCore.Http.Metadata;

namespace Sandbox.Agent.Api;

/// <summary>Marks a route that streams its body, which may have any size.</summary>
internal sealed class UnlimitedBody : IRequestSizeLimitMetadata
{
    /// <inheritdoc />
    public long? MaxRequestBodySize => null;
}
