using Sandbox.Linux;
using Sandbox.Protocol;

namespace Sandbox.Agent.Commands;

/// <summary>A shell's channel for one output stream of its commands: a named pipe, opened by the shell for each command, read into that command's journal byte for byte.</summary>
/// <remarks>A pipe serves one command after the other as long as each lets go of it. One that a background child still holds stays that command's for ever; the shell then gets a new one.
/// All but <see cref="Start"/> and the constructor runs on the event loop's thread.</remarks>
internal sealed class OutputPipe
{
    private const int Capacity = 256 * 1024;

    // The loop's thread alone reads pipes, so one buffer serves them all.
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

    /// <summary>Makes the pipe.</summary>
    /// <param name="path">Where the shell finds it.</param>
    /// <param name="kind">Which stream it is.</param>
    /// <param name="loop">The loop that watches it.</param>
    public OutputPipe(string path, FrameKind kind, EventLoop loop)
    {
        Path = path;
        _kind = kind;
        _loop = loop;

        // Our own writing end keeps the pipe from ending before the shell has opened it.
        FileDescriptor.CreateFifo(path, Capacity, out _read, out _ownEnd);
        _watch = loop.Add(_read, ReadSome);
    }

    /// <summary>Where the shell finds it.</summary>
    public string Path { get; }

    /// <summary>Takes a command's output from now on.</summary>
    /// <param name="commandJournal">Where the bytes go.</param>
    public void Start(OutputLog commandJournal)
    {
        _log = commandJournal;
        _log.RoomMade += Resume;
    }

    /// <summary>Takes what is there now. The command has ended: what comes later is late output of something it left in the background.</summary>
    /// <param name="reuse">Whether another command may follow.</param>
    /// <returns>Whether the pipe is free for another command.</returns>
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
            // The usual case: nobody else holds it. The loop has not looked in between, and finds it open again.
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
            // Else it has gone with its shell's directory.
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
                // Room was made in between, before there was anyone to be told.
                Resume();
            }
        }
    }

    /// <summary>Reads one bufferful; false when there was nothing.</summary>
    private bool ReadOnce()
    {
        byte[] space = _buffer ??= new byte[CommandFrame.HeaderLength + OutputLog.MaximumPayload];
        int count = _closed ? -1 : _read.Read(space.AsSpan(CommandFrame.HeaderLength));
        _closed |= count == 0;
        if (count > 0)
        {
            // Between commands nobody has it open but we: what is written then is written by someone who opened it by name, and is nobody's.
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
