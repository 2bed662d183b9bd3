using System.Management.Automation;

namespace Sandbox.Shell;

/// <summary>Stands where a cmdlet of full PowerShell would: takes what it would, and fails as a command that is not found does.</summary>
[Cmdlet(VerbsCommon.Get, "Missing")]
public sealed class MissingCommand : PSCmdlet
{
    /// <summary>Whatever is given.</summary>
    [Parameter(ValueFromRemainingArguments = true)]
    public object[]? ArgumentList { get; set; }

    /// <summary>Whatever is piped.</summary>
    [Parameter(ValueFromPipeline = true)]
    public object? InputObject { get; set; }

    /// <inheritdoc />
    protected override void BeginProcessing()
    {
        string name = MyInvocation.MyCommand.Name;
        CommandNotFoundException missing = new($"'{name}' is part of full PowerShell; this small host has only the engine.") { CommandName = name };
        ThrowTerminatingError(new(missing, nameof(CommandNotFoundException), ErrorCategory.ObjectNotFound, name));
    }
}
