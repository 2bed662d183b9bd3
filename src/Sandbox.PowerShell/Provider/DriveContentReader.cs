using System.Collections;
using System.Management.Automation.Provider;
using System.Text;
using Sandbox.Client;

namespace Sandbox;

/// <summary>Reads a file of a drive: by lines, by bytes, or as a whole; at its end it waits, or not.</summary>
/// <param name="requests">The requests of the provider.</param>
/// <param name="remote">The file.</param>
/// <param name="options">The options.</param>
internal sealed class DriveContentReader(ProviderRequests requests, RemotePath remote, ReadContentParameters options) : IContentReader
{
    private const int Piece = 64 * 1024;

    private Stream? _file;
    private StreamReader? _text;

    private Encoding Encoding => options.Encoding ?? EncodingTransformationAttribute.Default;

    /// <inheritdoc />
    public IList Read(long readCount)
    {
        if (_file is null)
        {
            _file = options.Wait ? new TailStream(remote) : requests.Wait<SandboxFileStream>(token => remote.OpenAsync(0, token));
            _text = options.AsByteStream ? null : new StreamReader(_file, Encoding, detectEncodingFromByteOrderMarks: true, Piece, leaveOpen: true);
        }

        return options.Raw && !options.Wait ? ReadWhole() : options.AsByteStream ? ReadBytes(readCount) : ReadLines(readCount);
    }

    /// <summary>Skips lines or bytes, relative to the current position only.</summary>
    /// <param name="offset">How many.</param>
    /// <param name="origin">From where.</param>
    public void Seek(long offset, SeekOrigin origin)
    {
        if (origin == SeekOrigin.End || offset < 0)
        {
            throw new NotSupportedException("A sandbox file can only be read from its beginning. Use Get-SandboxContent -Tail to read its end.");
        }

        if (offset > 0)
        {
            Read(offset);
        }
    }

    /// <inheritdoc />
    public void Close() => Dispose();

    /// <inheritdoc />
    public void Dispose()
    {
        _text?.Dispose();
        _file?.DisposeAsync().AsTask().GetAwaiter().GetResult();
    }

    private object[] ReadWhole()
    {
        using MemoryStream content = new();
        requests.Wait(async token =>
        {
            await _file!.CopyToAsync(content, token);
            return true;
        });
        if (content.Length == 0)
        {
            return [];
        }

        content.Position = 0;
        using StreamReader reader = new(content, Encoding);
        return options.AsByteStream ? [content.ToArray()] : [reader.ReadToEnd()];
    }

    private byte[] ReadBytes(long count)
    {
        byte[] buffer = new byte[count is > 0 and < Piece ? count : Piece];
        int read = requests.Wait(token => _file!.ReadAsync(buffer, token).AsTask());
        return buffer[..read];
    }

    private List<string> ReadLines(long count)
    {
        List<string> lines = [];
        while ((count <= 0 || lines.Count < count) && requests.Wait(token => _text!.ReadLineAsync(token).AsTask()) is { } line)
        {
            lines.Add(line);
        }

        return lines;
    }
}
