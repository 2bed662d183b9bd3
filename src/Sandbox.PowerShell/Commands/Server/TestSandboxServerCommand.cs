using System.Management.Automation;
using Sandbox.Client;
using Sandbox.Protocol;

namespace Sandbox.Commands;

/// <summary>Returns the capabilities of the server and its host, with the reasons for missing ones.</summary>
[Cmdlet(VerbsDiagnostic.Test, "SandboxServer")]
[OutputType(typeof(SandboxAbility), typeof(bool))]
public sealed class TestSandboxServerCommand : SandboxServerCommandBase
{
    private const string ServerName = "server";

    // The capabilities required to create a sandbox.
    private static readonly string[] Essential = [ServerName, "isolation"];

    /// <summary>The capabilities, by name or pattern. Default: all.</summary>
    [Parameter(Position = 0, HelpMessage = "Names or patterns of capabilities.")]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    public string[]? Name { get; set; }

    /// <summary>Returns whether all named capabilities are available; without names, whether sandboxes can be created.</summary>
    [Parameter(HelpMessage = "Returns true or false instead of the capabilities.")]
    public SwitchParameter Quiet { get; set; }

    /// <inheritdoc />
    protected override void ProcessRecord()
    {
        (string? server, IReadOnlyList<Ability> all) = Find();
        WildcardPattern[] wanted = [.. (Name ?? (Quiet ? Essential : ["*"])).Select(name => new WildcardPattern(name, WildcardOptions.IgnoreCase))];
        Ability[] found = [.. all.Where(ability => wanted.Any(pattern => pattern.IsMatch(ability.Name)))];
        if (Quiet)
        {
            WriteObject(found.All(ability => ability.Available) && wanted.All(pattern => found.Any(ability => pattern.IsMatch(ability.Name))));
            return;
        }

        WriteObject(found.Select(ability => new SandboxAbility(ability, server)), enumerateCollection: true);
    }

    // An unreachable server is a result here, not an error.
    private (string? Server, IReadOnlyList<Ability> Abilities) Find()
    {
        string? server = null;
        try
        {
            SandboxClient client = FindClient();
            server = client.Server;
            return (server, [new Ability(ServerName, true), .. Wait(client.GetServerAsync).Abilities]);
        }
        catch (Exception e) when (Errors.IsExpected(e))
        {
            return (server, [new Ability(ServerName, false, e.Message, "Start the server, or connect to another one with Connect-SandboxServer.")]);
        }
    }
}
