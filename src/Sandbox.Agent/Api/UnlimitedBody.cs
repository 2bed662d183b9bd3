using Microsoft.AspNetCore.Http.Metadata;

namespace Sandbox.Agent.Api;

/// <summary>Marks a route whose body is streamed on and may have any size.</summary>
internal sealed class UnlimitedBody : IRequestSizeLimitMetadata
{
    /// <inheritdoc/>
    public long? MaxRequestBodySize => null;
}
