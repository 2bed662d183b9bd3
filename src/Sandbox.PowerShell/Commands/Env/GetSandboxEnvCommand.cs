using System.Management.Automation;
using Sandbox.Client;
using Sandbox.Protocol;

namespace Sandbox.Commands;

/// <summary>Reads environment variables of sessions or sandboxes.</summary>
[Cmdlet(VerbsCommon.Get, "SandboxEnv")]
[OutputType(typeof(SandboxEnvVariable))]
public sealed class GetSandboxEnvCommand : SandboxSessionCommandBase
{
    /// <summary>The names, or patterns; all when left out.</summary>
    [Parameter(Position = 0, HelpMessage = "Names or patterns.")]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(VariableCompleter))]
    public string[]? Name { get; set; }

    /// <summary>Shows secrets instead of asterisks.</summary>
    [Parameter(HelpMessage = "Shows secret values as plain text.")]
    public SwitchParameter AsPlainText { get; set; }

    /// <inheritdoc />
    protected override void ProcessRecord()
    {
        foreach (SandboxTarget target in Targets)
        {
            if (TryInvoke(target.ToString(), token => ReadAsync(target, token), out (SandboxHandle Owner, EnvironmentState State)? read) && read is { } found)
            {
                Write(found.Owner, found.State);
            }
        }
    }

    private async Task<(SandboxHandle Owner, EnvironmentState State)?> ReadAsync(SandboxTarget target, CancellationToken cancellationToken)
    {
        try
        {
            SandboxHandle owner = await target.ToDefaultSessionAsync(cancellationToken);
            return (owner, await owner.GetEnvironmentAsync(AsPlainText, wake: true, cancellationToken));
        }
        catch (ApiException e) when (e.Code == ErrorCodes.SandboxNotFound && target is { IsAutomatic: true, SessionId: null })
        {
            // Reading does not create the default sandbox: it has no variables yet.
            return null;
        }
    }

    private void Write(SandboxHandle owner, EnvironmentState state)
    {
        foreach (string name in Name ?? ["*"])
        {
            WildcardPattern pattern = new(name);
            bool found = false;
            foreach ((string key, string? value) in state.Env.Where(variable => pattern.IsMatch(variable.Key))
                .OrderBy(variable => variable.Key, StringComparer.Ordinal))
            {
                found = true;
                WriteObject(new SandboxEnvVariable(key, value, state.Secrets.Contains(key), owner));
            }

            if (!found && !WildcardPattern.ContainsWildcardCharacters(name))
            {
                WriteError(Errors.VariableNotFound(name, owner));
            }
        }
    }
}
