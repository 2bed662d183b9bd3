using Sandbox.Linux;
using Sandbox.Protocol;

namespace Sandbox.Agent.Commands;

/// <summary>A shell's FIFO for one output stream of its commands, which the shell opens for each command. It is read into the command's log byte for
/// byte.</summary>
/// <remarks>A FIFO serves one command after the other as long as each closes it. One that a background child keeps open stays with its command, and the shell
/// gets a new one.
/// All members but <see cref="Start"/> and the constructor run on the event loop's thread.</remarks>
internal sealed class OutputPipe
{
    private const int Capacity = 256 * 1024;

    // Only the loop's thread reads FIFOs, so they share one buffer.
    [ThreadStatic]
    private static byte[]? _buffer;

    private readonly FrameKind _kind;
    private readonly FileDescriptor _read;
    private readonly EventLoop _loop;
    private readonly EventLoop.Watch _watch;
    private FileDescriptor _ownEnd;
    private OutputLog? _log;
    private volatile bool _paused;
    private bool _closed;

    public OutputPipe(string path, FrameKind kind, EventLoop loop)
    {
        Path = path;
        _kind = kind;
        _loop = loop;

        // Our own writing end keeps the FIFO open until the shell has opened it.
        FileDescriptor.CreateFifo(path, Capacity, out _read, out _ownEnd);
        _watch = loop.Add(_read, ReadSome);
    }

    public string Path { get; }

    /// <summary>Assigns the output from now on to a command.</summary>
    public void Start(OutputLog commandOutput)
    {
        _log = commandOutput;
        _log.RoomMade += Resume;
    }

    /// <summary>Reads the rest after the command ended. What comes later is output of its background processes.</summary>
    /// <param name="reuse">Whether another command may follow.</param>
    /// <returns>Whether the FIFO can serve another command.</returns>
    public bool Finish(bool reuse)
    {
        while (ReadOnce())
        {
        }

        _ownEnd.Dispose();
        while (ReadOnce())
        {
        }

        if (_closed)
        {
            // The usual case: nobody else has it open. The loop has not seen it closed, and finds it open again.
            Release();
            if (reuse)
            {
                _closed = false;
                _ownEnd = FileDescriptor.OpenToWrite(Path);
                return true;
            }

            End();
        }

        if (File.Exists(Path))
        {
            // Otherwise the shell's directory is deleted already.
            File.Delete(Path);
        }

        return false;
    }

    private void ReadSome()
    {
        bool more = ReadOnce();
        if (_closed)
        {
            Release();
            End();
        }
        else if (more && _log!.IsFull)
        {
            _paused = true;
            _watch.Pause();
            if (!_log.IsFull)
            {
                // Room was made before the pause, when nobody was listening for it.
                Resume();
            }
        }
    }

    /// <summary>Reads once; false when there was nothing.</summary>
    private bool ReadOnce()
    {
        byte[] space = _buffer ??= new byte[CommandFrame.HeaderLength + OutputLog.MaximumPayload];
        int count = _closed ? -1 : _read.Read(space.AsSpan(CommandFrame.HeaderLength));
        _closed |= count == 0;
        if (count > 0)
        {
            // Without a log, discards data from processes that opened the FIFO by name between commands.
            _log?.Append(space.AsSpan(0, CommandFrame.HeaderLength + count), _kind);
        }

        return count > 0;
    }

    private void Release()
    {
        if (_log is not null)
        {
            _log.RoomMade -= Resume;
            _log = null;
        }

        if (_paused)
        {
            _paused = false;
            _watch.Resume();
        }
    }

    private void End()
    {
        _watch.Dispose();
        _read.Dispose();
    }

    private void Resume()
    {
        if (_paused && _log?.IsFull == false)
        {
            _paused = false;
            _loop.Post(_watch.Resume);
        }
    }
}
