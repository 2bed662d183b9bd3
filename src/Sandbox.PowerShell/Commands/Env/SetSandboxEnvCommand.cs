using System.Collections;
using System.Management.Automation;
using Sandbox.Client;
using Sandbox.Protocol;

namespace Sandbox.Commands;

/// <summary>Sets or unsets environment variables of sessions or sandboxes.</summary>
[Cmdlet(VerbsCommon.Set, "SandboxEnv", SupportsShouldProcess = true, DefaultParameterSetName = "Variable")]
[OutputType(typeof(SandboxSession), typeof(SandboxInstance))]
public sealed class SetSandboxEnvCommand : SandboxSessionCommandBase
{
    /// <summary>The variable.</summary>
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = "Variable", HelpMessage = "The name of the variable.")]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(VariableCompleter))]
    public string Name { get; set; } = "";

    /// <summary>Its value: a string, number, bool, or a SecureString, which is kept as a secret. Null unsets it.</summary>
    [Parameter(Mandatory = true, Position = 1, ParameterSetName = "Variable", HelpMessage = "The value. Null unsets the variable.")]
    [AllowNull]
    [AllowEmptyString]
    public object? Value { get; set; }

    /// <summary>Several variables by name; null unsets one.</summary>
    [Parameter(Mandatory = true, ParameterSetName = "Environment", HelpMessage = "A table of variables by name.")]
    public IDictionary Environment { get; set; } = new Hashtable();

    /// <summary>Returns the session or sandbox.</summary>
    [Parameter(HelpMessage = "Returns the session or sandbox.")]
    public SwitchParameter PassThru { get; set; }

    /// <inheritdoc />
    protected override void ProcessRecord()
    {
        EnvironmentMap variables = ReadEnvironment(ParameterSetName == "Variable" ? new Hashtable { [Name] = Value } : Environment);
        EnvironmentPatch patch = new() { Env = variables.Plain, SecretEnv = variables.Secret };
        ForEach(Targets, $"Set {string.Join(", ", variables.Names)}", (target, token) => target.UseAsync(_ => SetAsync(target, patch, token), token));
    }

    private async Task<object?> SetAsync(SandboxTarget target, EnvironmentPatch patch, CancellationToken cancellationToken)
    {
        SandboxHandle owner = await target.ToDefaultSessionAsync(cancellationToken);
        await owner.SetEnvironmentAsync(patch, cancellationToken);
        return !PassThru ? null
            : owner.SessionId is null
            ? new SandboxInstance(await owner.GetAsync(cancellationToken), owner.Server)
            : new SandboxSession(await owner.GetSessionAsync(cancellationToken), owner);
    }
}
