using Sandbox.Protocol;

namespace Sandbox;

/// <summary>A capability of a server and its host.</summary>
public sealed class SandboxAbility
{
    internal SandboxAbility(Ability ability, string? server)
    {
        Name = ability.Name;
        Available = ability.Available;
        Reason = ability.Reason;
        Remedy = ability.Remedy;
        Server = server;
    }

    internal SandboxAbility(IsolationFeature feature, string? server)
    {
        Name = $"{Ability.Isolation}-{feature.Name}";
        Description = feature.Description;
        Available = feature.Available;
        Reason = feature.Reason;
        Remedy = feature.Remedy;
        Server = server;
    }

    /// <summary>Its name.</summary>
    public string Name { get; }

    /// <summary>What an isolation feature does; null for other abilities.</summary>
    public string? Description { get; }

    /// <summary>Whether it is available now.</summary>
    public bool Available { get; }

    /// <summary>The reason why it is not available.</summary>
    public string? Reason { get; }

    /// <summary>The recommended action.</summary>
    public string? Remedy { get; }

    /// <summary>The address of the server; null when there is none.</summary>
    public string? Server { get; }

    /// <inheritdoc />
    public override string ToString() => Name;
}
