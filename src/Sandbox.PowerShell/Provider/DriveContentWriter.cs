using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Provider;
using Sandbox.Client;

namespace Sandbox;

/// <summary>Replaces or appends to a file of a drive when the whole content was received.</summary>
/// <param name="finish">Sends the content, or reports the failure.</param>
/// <param name="remote">The file.</param>
/// <param name="options">The options.</param>
/// <param name="parents">Whether missing parent directories are created.</param>
internal sealed class DriveContentWriter(
    Action<Func<CancellationToken, Task>> finish, RemotePath remote, WriteContentParameters options, bool parents) : IContentWriter
{
    private readonly SpooledBytes _content = new();
    private bool _isAppended;
    private bool _isClosed;

    /// <inheritdoc />
    public IList Write(IList content)
    {
        foreach (object? item in content)
        {
            object? plain = item.UnwrapValue();
            if (!options.AsByteStream)
            {
                string text = LanguagePrimitives.ConvertTo<string>(item) ?? "";
                _content.Add(options.NoNewline ? text : text + "\n", options.Encoding, _isAppended);
            }
            else
            {
                _content.Add(plain switch
                {
                    byte single => [single],
                    byte[] many => many,
                    _ => throw new ArgumentException($"-AsByteStream writes bytes and byte arrays, not a {plain?.GetType().Name ?? "null"}."),
                });
            }
        }

        return content;
    }

    /// <summary>Goes to the end, so that what follows is added to what is there.</summary>
    /// <param name="offset">Nothing but 0.</param>
    /// <param name="origin">The end, or the beginning of a new content.</param>
    public void Seek(long offset, SeekOrigin origin)
    {
        if (offset != 0)
        {
            throw new NotSupportedException("A sandbox file can only be replaced or appended to.");
        }

        _isAppended = origin == SeekOrigin.End;
    }

    /// <inheritdoc />
    public void Close()
    {
        if (!_isClosed)
        {
            _isClosed = true;
            finish(token => remote.WriteAsync(_content.Rewind(), new WriteOptions { Append = _isAppended, Parents = parents }, token));
        }
    }

    /// <inheritdoc />
    public void Dispose() => _content.Dispose();
}
