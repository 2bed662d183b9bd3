using Sandbox.Protocol;

namespace Sandbox;

/// <summary>An isolation feature that a sandbox does not have.</summary>
public sealed class SandboxIsolationFeature
{
    internal SandboxIsolationFeature(IsolationFeature feature)
    {
        Name = feature.Name;
        Description = feature.Description;
        Required = feature.Required;
        Reason = feature.Reason;
        Remedy = feature.Remedy;
    }

    /// <summary>Its name.</summary>
    public string Name { get; }

    /// <summary>What it does.</summary>
    public string Description { get; }

    /// <summary>Whether <c>New-Sandbox -RequireIsolation</c> refuses a sandbox without it.</summary>
    public bool Required { get; }

    /// <summary>The reason why it is missing.</summary>
    public string? Reason { get; }

    /// <summary>The recommended action.</summary>
    public string? Remedy { get; }

    /// <inheritdoc />
    public override string ToString() => Name;
}
