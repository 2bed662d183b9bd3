using System.Text;

namespace Sandbox;

/// <summary>A buffer that is written once and read several times; it moves from memory to a temporary file when it grows.</summary>
internal sealed class SpooledBytes : IDisposable
{
    private const int InMemory = 4 * 1024 * 1024;

    private Stream _content = new MemoryStream();

    public void Add(ReadOnlySpan<byte> bytes)
    {
        if (_content is MemoryStream memory && memory.Length + bytes.Length > InMemory)
        {
            // Accessible to this process only, and deleted with the handle.
            _content = new FileStream(Path.GetTempFileName(), FileMode.Open, FileAccess.ReadWrite, FileShare.None, 128 * 1024, FileOptions.DeleteOnClose);
            memory.WriteTo(_content);
            memory.Dispose();
        }

        _content.Write(bytes);
    }

    /// <summary>Adds text, after the byte order mark of the encoding where the content begins.</summary>
    /// <param name="text">The text.</param>
    /// <param name="encoding">The encoding; null for the default one.</param>
    /// <param name="isAppended">Whether the content is appended to another.</param>
    public void Add(string text, Encoding? encoding, bool isAppended)
    {
        encoding ??= EncodingTransformationAttribute.Default;
        if (_content.Length == 0 && !isAppended)
        {
            Add(encoding.GetPreamble());
        }

        Add(encoding.GetBytes(text));
    }

    /// <summary>Returns a stream of all bytes, at its beginning.</summary>
    public Stream Rewind()
    {
        _content.Flush();
        _content.Position = 0;
        return _content;
    }

    /// <inheritdoc />
    public void Dispose() => _content.Dispose();
}
