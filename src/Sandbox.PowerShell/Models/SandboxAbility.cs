using Sandbox.Protocol;

namespace Sandbox;

/// <summary>One thing that a server and its host can, or cannot, give.</summary>
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

    /// <summary>Its name.</summary>
    public string Name { get; }

    /// <summary>Whether it can be had now.</summary>
    public bool Available { get; }

    /// <summary>Why not.</summary>
    public string? Reason { get; }

    /// <summary>What can be done about it.</summary>
    public string? Remedy { get; }

    /// <summary>The address of the server; null when there is none.</summary>
    public string? Server { get; }

    /// <inheritdoc />
    public override string ToString() => Name;
}
