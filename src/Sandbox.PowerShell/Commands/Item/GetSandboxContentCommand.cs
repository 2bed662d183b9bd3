using System.Management.Automation;
using System.Text;
using Sandbox.Client;

namespace Sandbox.Commands;

/// <summary>Reads files of sandboxes, as they come.</summary>
[Cmdlet(VerbsCommon.Get, "SandboxContent", DefaultParameterSetName = PathSet)]
[OutputType(typeof(string), typeof(byte[]))]
public sealed class GetSandboxContentCommand : SandboxItemCommandBase
{
    /// <summary>The files in the sandbox.</summary>
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = PathSet, HelpMessage = "Files in the sandbox.")]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(PathCompleter))]
    public string[]? Path { get; set; }

    /// <summary>The text's encoding, where no byte order mark says another: UTF-8 when left out.</summary>
    [Parameter(HelpMessage = "The encoding of the text.")]
    [EncodingTransformation]
    [ArgumentCompleter(typeof(EncodingCompleter))]
    [ValidateNotNull]
    public Encoding? Encoding { get; set; }

    /// <summary>Returns byte arrays, as they come; with -Raw one for the whole file.</summary>
    [Parameter(HelpMessage = "Returns byte arrays.")]
    public SwitchParameter AsByteStream { get; set; }

    /// <summary>Returns the whole file as one.</summary>
    [Parameter(HelpMessage = "Returns the whole file as one object.")]
    public SwitchParameter Raw { get; set; }

    /// <summary>Number of lines from the beginning.</summary>
    [Parameter(HelpMessage = "Number of lines from the beginning.")]
    [ValidateRange(0, int.MaxValue)]
    [Alias("First", "Head")]
    public int? TotalCount { get; set; }

    /// <summary>Number of lines from the end.</summary>
    [Parameter(HelpMessage = "Number of lines from the end.")]
    [ValidateRange(0, int.MaxValue)]
    [Alias("Last")]
    public int? Tail { get; set; }

    /// <summary>Includes names that begin with a dot in wildcards.</summary>
    [Parameter(HelpMessage = "Includes hidden items.")]
    public SwitchParameter Force { get; set; }

    private Encoding TextEncoding => Encoding ?? EncodingTransformationAttribute.Default;

    private protected override bool MustMatch => true;

    /// <inheritdoc />
    protected override void BeginProcessing()
    {
        base.BeginProcessing();
        if (AsByteStream && Encoding is not null)
        {
            ThrowTerminatingError(Errors.InvalidArgument("-AsByteStream and -Encoding cannot be combined: bytes have no encoding.", null));
        }

        if ((TotalCount is null ? 0 : 1) + (Tail is null ? 0 : 1) + (Raw || AsByteStream ? 1 : 0) > 1)
        {
            ThrowTerminatingError(Errors.InvalidArgument("-TotalCount and -Tail cannot be combined with each other, with -Raw or with -AsByteStream.", null));
        }
    }

    /// <inheritdoc />
    protected override void ProcessRecord()
    {
        foreach (RemotePath remote in RemotePaths(Path, Force))
        {
            TryRun(remote.Display, () => Read(remote));
        }
    }

    private void Read(RemotePath remote)
    {
        if (Tail is { } tail)
        {
            foreach (string line in Wait(token => new FileTail(remote, TextEncoding).ReadAsync(tail, token)))
            {
                WriteObject(line);
            }

            return;
        }

        using SandboxFileStream file = Wait(token => remote.OpenAsync(0, token));
        if (Raw)
        {
            WriteWhole(file);
        }
        else if (AsByteStream)
        {
            WriteBytes(file);
        }
        else
        {
            WriteLines(file);
        }
    }

    private void WriteWhole(SandboxFileStream file)
    {
        if (file.Size > Array.MaxLength)
        {
            WriteError(Errors.InvalidArgument("The file is too large for -Raw. Read it by lines or with -AsByteStream, or copy it.", null));
            return;
        }

        using MemoryStream content = new(checked((int)file.Size));
        Wait(async token =>
        {
            await file.CopyToAsync(content, token);
            return true;
        });
        if (AsByteStream)
        {
            WriteObject(content.ToArray(), enumerateCollection: false);
            return;
        }

        content.Position = 0;
        using StreamReader reader = new(content, TextEncoding);
        WriteObject(reader.ReadToEnd());
    }

    private void WriteBytes(SandboxFileStream file)
    {
        const int piece = 64 * 1024;
        while (true)
        {
            byte[] buffer = new byte[piece];
            int count = Wait(token => file.ReadAtLeastAsync(buffer, piece, throwOnEndOfStream: false, token).AsTask());
            if (count == 0)
            {
                return;
            }

            WriteObject(count == piece ? buffer : buffer[..count], enumerateCollection: false);
        }
    }

    private void WriteLines(SandboxFileStream file)
    {
        using StreamReader reader = new(file, TextEncoding, detectEncodingFromByteOrderMarks: true, bufferSize: 64 * 1024);
        for (int left = TotalCount ?? -1; left != 0; left--)
        {
            if (Wait(token => reader.ReadLineAsync(token).AsTask()) is not { } line)
            {
                return;
            }

            WriteObject(line);
        }
    }
}
