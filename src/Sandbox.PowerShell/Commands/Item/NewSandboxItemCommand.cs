using System.Management.Automation;
using System.Text;
using Sandbox.Client;
using Sandbox.Protocol;

namespace Sandbox.Commands;

/// <summary>Creates files, directories and links in sandboxes.</summary>
[Cmdlet(VerbsCommon.New, "SandboxItem", SupportsShouldProcess = true)]
[OutputType(typeof(SandboxItem))]
public sealed class NewSandboxItemCommand : SandboxSessionCommandBase
{
    /// <summary>The new paths.</summary>
    [Parameter(Mandatory = true, Position = 0, HelpMessage = "The new paths.")]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(PathCompleter))]
    public string[] Path { get; set; } = [];

    /// <summary>What is made. Directories above a directory are made too.</summary>
    [Parameter(HelpMessage = "The type of item to create.")]
    public SandboxItemType ItemType { get; set; } = SandboxItemType.File;

    /// <summary>A file's text, or what a link leads to.</summary>
    [Parameter(HelpMessage = "The text of a file, or the target of a link.")]
    [AllowNull]
    [AllowEmptyString]
    public object? Value { get; set; }

    /// <summary>Accepts an existing directory, replaces an existing file, and creates missing parent directories.</summary>
    [Parameter(HelpMessage = "Replaces an existing file; creates missing parent directories.")]
    public SwitchParameter Force { get; set; }

    /// <inheritdoc />
    protected override void ProcessRecord() =>
        ForEach(Targets.SelectMany(target => Path.Select(path => new RemotePath(target, path))), $"Create {ItemType}", CreateAsync);

    private async Task<object?> CreateAsync(RemotePath remote, CancellationToken cancellationToken)
    {
        string text = Value is null ? "" : LanguagePrimitives.ConvertTo<string>(Value);
        switch (ItemType)
        {
            case SandboxItemType.Directory:
                await remote.MakeDirectoryAsync(isNew: !Force, cancellationToken);
                break;
            case SandboxItemType.SymbolicLink:
                await MakeLinkAsync(remote, text, cancellationToken);
                break;
            default:
                using (MemoryStream content = new(Encoding.UTF8.GetBytes(text)))
                {
                    await remote.WriteAsync(content, new WriteOptions { IsNew = !Force, Parents = Force }, cancellationToken);
                }

                break;
        }

        return await remote.ToItemAsync(cancellationToken);
    }

    private async Task MakeLinkAsync(RemotePath remote, string target, CancellationToken cancellationToken)
    {
        if (Force && await remote.TryGetAsync(follow: false, cancellationToken) is { Type: not FileKind.Directory })
        {
            await remote.RemoveAsync(recursive: false, cancellationToken);
        }

        await remote.MakeLinkAsync(target, cancellationToken);
    }
}

/// <summary>What <c>New-SandboxItem</c> makes.</summary>
public enum SandboxItemType
{
    /// <summary>A file.</summary>
    File,

    /// <summary>A directory.</summary>
    Directory,

    /// <summary>A symbolic link.</summary>
    SymbolicLink,
}
