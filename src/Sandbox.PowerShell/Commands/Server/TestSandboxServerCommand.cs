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
    private static readonly string[] Essential = [ServerName, Ability.Isolation];

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
        IReadOnlyList<SandboxAbility> all = Find();
        WildcardPattern[] wanted = [.. (Name ?? (Quiet ? Essential : ["*"])).Select(name => new WildcardPattern(name, WildcardOptions.IgnoreCase))];
        SandboxAbility[] found = [.. all.Where(ability => wanted.Any(pattern => pattern.IsMatch(ability.Name)))];
        if (Quiet)
        {
            WriteObject(found.All(ability => ability.Available) && wanted.All(pattern => found.Any(ability => pattern.IsMatch(ability.Name))));
            return;
        }

        WriteObject(found, enumerateCollection: true);
    }

    // An unreachable server is a result here, not an error.
    private IReadOnlyList<SandboxAbility> Find()
    {
        string? server = null;
        try
        {
            SandboxClient client = FindClient();
            server = client.Server;
            ServerInfo info = Wait(client.GetServerAsync);
            IReadOnlyList<IsolationFeature> features = info.Engines is [{ } first, ..] ? first.Isolation ?? [] : [];
            return
            [
                .. info.Abilities.Prepend(new Ability(ServerName, true)).Select(ability => new SandboxAbility(ability, server)),
                .. features.Select(feature => new SandboxAbility(feature, server)),
            ];
        }
        catch (Exception e) when (Errors.IsExpected(e))
        {
            const string remedy = "Start the server, or connect to another one with Connect-SandboxServer.";
            return [new SandboxAbility(new Ability(ServerName, false, e.Message, remedy), server)];
        }
    }
}
