using System.Management.Automation;
using System.Text;
using Sandbox.Protocol;

namespace Sandbox;

/// <summary>What <c>New-PSDrive</c> takes for a drive of a sandbox.</summary>
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

/// <summary>What <c>Get-ChildItem</c> takes for a directory of a drive, named as for directories of this machine.</summary>
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

    /// <summary>Whether an item is listed.</summary>
    /// <param name="entry">The item.</param>
    internal bool Selects(FileEntry entry) =>
        (!File || !entry.IsContainer()) && (!Directory || entry.IsContainer()) && (!Hidden || entry.Name().StartsWith('.'));
}

/// <summary>What <c>Get-Content</c> takes for a file of a drive.</summary>
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

/// <summary>What <c>Set-Content</c> and <c>Add-Content</c> take for a file of a drive.</summary>
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

/// <summary>What <c>Test-Path</c> takes for a path of a drive: nothing, but the provider sees by it that it was Test-Path that asked.</summary>
internal sealed class TestPathParameters;

/// <summary>What <c>Remove-Item</c> takes for a path of a drive: nothing, but the provider sees by it that it was Remove-Item that asked, which asks the user about directories that are not empty.</summary>
internal sealed class RemoveParameters;
