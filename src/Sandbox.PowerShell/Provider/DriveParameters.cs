using System.Management.Automation;
using System.Text;
using Sandbox.Protocol;

namespace Sandbox;

/// <summary>The parameters of <c>New-PSDrive</c> for a drive of a sandbox.</summary>
public sealed class NewDriveParameters
{
    /// <summary>The session: an object, an id, or <c>sandbox/session</c>. A relative root starts from its directory.</summary>
    [Parameter(HelpMessage = "The session: an object or an id.")]
    [ReferenceTransformation<SessionReference>]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(SessionCompleter))]
    public SessionReference[]? Session { get; set; }

    /// <summary>The sandbox: an object or an id. Left out, it is that of the session, or the sandbox <c>default</c>, which is made on first use.</summary>
    [Parameter(HelpMessage = "The sandbox: an object or an id.")]
    [ReferenceTransformation<SandboxReference>]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(SandboxCompleter))]
    public SandboxReference[]? Sandbox { get; set; }
}

/// <summary>The parameters of <c>Get-ChildItem</c> on a drive, named as for local directories.</summary>
public sealed class ListParameters
{
    /// <summary>Lists directories only, and links to directories.</summary>
    [Parameter(HelpMessage = "Lists directories only.")]
    [Alias("ad")]
    public SwitchParameter Directory { get; set; }

    /// <summary>Lists files, and whatever else is no directory.</summary>
    [Parameter(HelpMessage = "Lists files only.")]
    [Alias("af")]
    public SwitchParameter File { get; set; }

    /// <summary>Lists only names that begin with a dot.</summary>
    [Parameter(HelpMessage = "Lists hidden names only.")]
    [Alias("ah", "h")]
    public SwitchParameter Hidden { get; set; }

    internal bool Selects(FileEntry entry) =>
        (!File || !entry.IsContainer()) && (!Directory || entry.IsContainer()) && (!Hidden || entry.Name().StartsWith('.'));
}

/// <summary>The parameters of <c>Get-Content</c> on a drive.</summary>
public sealed class ReadContentParameters
{
    /// <summary>The text's encoding, where no byte order mark says another.</summary>
    [Parameter(HelpMessage = "The encoding of the text.")]
    [EncodingTransformation]
    [ArgumentCompleter(typeof(EncodingCompleter))]
    public Encoding? Encoding { get; set; }

    /// <summary>Reads bytes.</summary>
    [Parameter(HelpMessage = "Reads bytes.")]
    public SwitchParameter AsByteStream { get; set; }

    /// <summary>Reads the whole file as one.</summary>
    [Parameter(HelpMessage = "Reads the whole file as one object.")]
    public SwitchParameter Raw { get; set; }

    /// <summary>Waits at the end for what is added, until stopped.</summary>
    [Parameter(HelpMessage = "Waits for appended content.")]
    public SwitchParameter Wait { get; set; }
}

/// <summary>The parameters of <c>Set-Content</c> and <c>Add-Content</c> on a drive.</summary>
public sealed class WriteContentParameters
{
    /// <summary>The text's encoding: UTF-8 without a byte order mark when left out.</summary>
    [Parameter(HelpMessage = "The encoding of the text.")]
    [EncodingTransformation]
    [ArgumentCompleter(typeof(EncodingCompleter))]
    public Encoding? Encoding { get; set; }

    /// <summary>Writes bytes as they are.</summary>
    [Parameter(HelpMessage = "Writes bytes.")]
    public SwitchParameter AsByteStream { get; set; }

    /// <summary>Adds no line breaks.</summary>
    [Parameter(HelpMessage = "Adds no line breaks.")]
    public SwitchParameter NoNewline { get; set; }
}

/// <summary>No parameters of <c>Test-Path</c>: shows the provider which cmdlet calls it.</summary>
internal sealed class TestPathParameters;

/// <summary>No parameters of <c>Remove-Item</c>: shows the provider which cmdlet calls it. Remove-Item prompts for directories that are not empty.</summary>
internal sealed class RemoveParameters;
