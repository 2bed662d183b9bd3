using System.Management.Automation;
using System.Management.Automation.Runspaces;
using System.Reflection;
using Microsoft.PowerShell.Commands;

namespace Sandbox.Tests;

/// <summary>PowerShell's own cmdlets for items and content, which reach a drive's provider: they are not part of the engine's package.</summary>
internal static class ItemCommands
{
    public static SessionStateCommandEntry[] Entries { get; } = [.. new[]
    {
        typeof(NewPSDriveCommand), typeof(GetPSDriveCommand), typeof(RemovePSDriveCommand), typeof(SetLocationCommand), typeof(TestPathCommand),
        typeof(GetChildItemCommand), typeof(GetItemCommand), typeof(NewItemCommand), typeof(CopyItemCommand), typeof(MoveItemCommand), typeof(RemoveItemCommand),
        typeof(GetContentCommand), typeof(SetContentCommand), typeof(AddContentCommand),
    }.Select(type => new SessionStateCmdletEntry(NameOf(type.GetCustomAttribute<CmdletAttribute>()!), type, null))];

    private static string NameOf(CmdletAttribute cmdlet) => $"{cmdlet.VerbName}-{cmdlet.NounName}";
}
