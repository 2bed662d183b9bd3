using System.Collections.Frozen;
using System.Management.Automation;

namespace Sandbox.Shell;

/// <summary>The cmdlets of the modules that ship with PowerShell and not with its engine: what to say when one is missed.</summary>
internal static class FullPowerShell
{
    private static readonly FrozenSet<string> s_cmdlets = Names(
        // Microsoft.PowerShell.Utility
        ("Add", "Member Type"), ("Clear", "Variable"), ("Compare", "Object"),
        ("ConvertFrom", "Csv Json Markdown SddlString StringData"), ("ConvertTo", "CliXml Csv Html Json Xml"), ("ConvertFrom", "CliXml"),
        ("Debug", "Runspace"), ("Disable", "PSBreakpoint RunspaceDebug"), ("Enable", "PSBreakpoint RunspaceDebug"),
        ("Export", "Alias Clixml Csv FormatData PSSession"), ("Format", "Custom Hex List Table Wide"),
        ("Get", "Alias Culture Date Error Event EventSubscriber FileHash FormatData Host MarkdownOption Member PSBreakpoint PSCallStack Random Runspace RunspaceDebug SecureRandom TraceSource TypeData UICulture Unique Uptime Variable Verb"),
        ("Group", "Object"), ("Import", "Alias Clixml Csv LocalizedData PowerShellDataFile PSSession"), ("Invoke", "Expression RestMethod WebRequest"),
        ("Join", "String"), ("Measure", "Command Object"), ("New", "Alias Event Guid Object TemporaryFile TimeSpan Variable"), ("Out", "File GridView Printer String"),
        ("Read", "Host"), ("Register", "EngineEvent ObjectEvent"), ("Remove", "Alias Event PSBreakpoint TypeData Variable"), ("Select", "Object String Xml"), ("Send", "MailMessage"),
        ("Set", "Alias Date MarkdownOption PSBreakpoint TraceSource Variable"), ("Show", "Command Markdown"), ("Sort", "Object"), ("Start", "Sleep"), ("Tee", "Object"),
        ("Test", "Json"), ("Trace", "Command"), ("Unblock", "File"), ("Unregister", "Event"), ("Update", "FormatData List TypeData"), ("Wait", "Debugger Event"),
        ("Write", "Debug Error Host Information Output Progress Verbose Warning"),
        // Microsoft.PowerShell.Management
        ("Add", "Content"), ("Clear", "Content Item ItemProperty RecycleBin"), ("Convert", "Path"), ("Copy", "Item ItemProperty"), ("Debug", "Process"),
        ("Get", "ChildItem Clipboard ComputerInfo Content HotFix Item ItemProperty ItemPropertyValue Location Process PSDrive PSProvider Service TimeZone"),
        ("Invoke", "Item"), ("Join", "Path"), ("Move", "Item ItemProperty"), ("New", "Item ItemProperty PSDrive Service"), ("Pop", "Location"), ("Push", "Location"),
        ("Remove", "Item ItemProperty PSDrive Service"), ("Rename", "Computer Item ItemProperty"), ("Resolve", "Path"), ("Restart", "Computer Service"), ("Resume", "Service"),
        ("Set", "Clipboard Content Item ItemProperty Location Service TimeZone"), ("Split", "Path"), ("Start", "Process Service"), ("Stop", "Computer Process Service"),
        ("Suspend", "Service"), ("Test", "Connection Path"), ("Wait", "Process"),
        // Microsoft.PowerShell.Security, .Host, .Archive, ThreadJob, PSReadLine, PSResourceGet
        ("ConvertFrom", "SecureString"), ("ConvertTo", "SecureString"), ("Get", "Acl AuthenticodeSignature CmsMessage Credential ExecutionPolicy PfxCertificate"),
        ("Protect", "CmsMessage"), ("Set", "Acl AuthenticodeSignature ExecutionPolicy"), ("Unprotect", "CmsMessage"), ("Start", "Transcript"), ("Stop", "Transcript"),
        ("Compress", "Archive"), ("Expand", "Archive"), ("Start", "ThreadJob"), ("Get", "PSReadLineKeyHandler PSReadLineOption"), ("Set", "PSReadLineKeyHandler PSReadLineOption"),
        ("Find", "PSResource"), ("Get", "InstalledPSResource PSResourceRepository"), ("Install", "PSResource"), ("Publish", "PSResource"), ("Save", "PSResource"),
        ("Uninstall", "PSResource"), ("Update", "PSResource"));

    /// <summary>Puts a command that says why in the place of one that was not found, if full PowerShell has it.</summary>
    /// <param name="sender">The engine.</param>
    /// <param name="lookup">What was looked for.</param>
    public static void Explain(object? sender, CommandLookupEventArgs lookup)
    {
        // An exception would be lost: the engine drops those of its handlers.
        if (s_cmdlets.TryGetValue(lookup.CommandName, out string? name))
        {
            lookup.Command = new CmdletInfo(name, typeof(MissingCommand));
        }
    }

    private static FrozenSet<string> Names(params ReadOnlySpan<(string Verb, string Nouns)> groups)
    {
        HashSet<string> names = new(StringComparer.OrdinalIgnoreCase);
        foreach ((string verb, string nouns) in groups)
        {
            names.UnionWith(nouns.Split(' ').Select(noun => $"{verb}-{noun}"));
        }

        return names.ToFrozenSet(StringComparer.OrdinalIgnoreCase);
    }
}
