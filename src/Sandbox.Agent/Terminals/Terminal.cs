using Sandbox.Linux;
using Sandbox.Protocol;

namespace Sandbox.Agent.Terminals;

/// <summary>A shell on a pseudo-terminal with any number of clients. The one that attached or typed last is the controller: the terminal has its window's size
/// and its pace.</summary>
/// <remarks>Only the event loop's thread reads output. A client other than the controller never pauses the shell: it misses output when it is too
/// slow.</remarks>
internal sealed class Terminal
{
    private const int ReadSize = 16 * 1024;
    private const int ReadsAtOnce = 8;

    private readonly Lock _gate = new();
    private readonly List<TerminalClient> _clients = [];
    private readonly EventLoop _loop;
    private readonly PseudoTerminal _device;
    private readonly ChildProcess _process;
    private readonly DescriptorWriter _input;
    private readonly EventLoop.Watch _endWatch;
    private EventLoop.Watch? _outputWatch;
    private TerminalClient? _controller;
    private bool _isPaused;
    private ExitStatus? _ended;
    private bool _isFinished;

    private Terminal(PseudoTerminal device, DescriptorWriter input, ChildProcess process, EventLoop loop)
    {
        _device = device;
        _process = process;
        _input = input;
        _loop = loop;
        _endWatch = loop.Add(process.Handle, Collect);
        loop.Post(Read);
    }

    /// <summary>Unique for each shell.</summary>
    public string Id { get; } = Identifier.Generate();

    public TerminalOutput Output { get; } = new();

    /// <summary>How the shell ended; null until all its output was read.</summary>
    public ExitStatus? Exit
    {
        get
        {
            lock (_gate)
            {
                return _isFinished ? _ended : null;
            }
        }
    }

    /// <exception cref="System.ComponentModel.Win32Exception">It could not be started.</exception>
    public static Terminal Start(TerminalShell shell, TerminalSize size, EventLoop loop)
    {
        PseudoTerminal device = PseudoTerminal.Open(size.Columns, size.Rows);
        try
        {
            ChildProcess process = ChildProcess.Start(new ChildProcessOptions
            {
                Path = shell.Program,
                Arguments = shell.Arguments,
                Environment = shell.Environment,
                WorkingDirectory = shell.Directory,
                Terminal = device.Path,
            });
            return new Terminal(device, new DescriptorWriter(device.Input, loop), process, loop);
        }
        catch
        {
            device.Dispose();
            throw;
        }
    }

    /// <summary>Adds a client.</summary>
    /// <param name="size">The size of its window; null when it is not known.</param>
    /// <param name="offset">The first byte to send; null for all that is kept.</param>
    /// <param name="mayControl">Whether the client may type.</param>
    public TerminalClient Attach(TerminalSize? size, long? offset, bool mayControl)
    {
        bool isFirst;
        TerminalClient client;
        lock (_gate)
        {
            isFirst = Output.End == 0;
            client = new TerminalClient(size, Math.Clamp(offset ?? 0, Output.Start, Output.End), mayControl);
            _clients.Add(client);
        }

        if (mayControl)
        {
            TakeControl(client);
            if (!isFirst)
            {
                // The screen was drawn for another client.
                IfRunning(_device.Redraw);
            }
        }

        return client;
    }

    /// <summary>Removes a client.</summary>
    public void Detach(TerminalClient client)
    {
        lock (_gate)
        {
            _clients.Remove(client);
            if (_controller == client)
            {
                _controller = _clients.FindLast(left => left.MayControl);
            }
        }

        ResumeReading();
    }

    /// <summary>Resumes reading after a client has sent more.</summary>
    public void ResumeReading()
    {
        lock (_gate)
        {
            if (!_isPaused || Room < ReadSize)
            {
                return;
            }

            _isPaused = false;
        }

        _loop.Post(Read);
    }

    /// <summary>Writes a client's input and makes it the controller.</summary>
    public async ValueTask WriteAsync(TerminalClient client, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        TakeControl(client);
        try
        {
            await _input.WriteAsync(bytes, cancellationToken);
        }
        catch (System.ComponentModel.Win32Exception)
        {
            // The shell has just ended; its pidfd reports that.
        }
    }

    /// <summary>Records the size of a client's window.</summary>
    public void Resize(TerminalClient client, TerminalSize size)
    {
        bool counts;
        lock (_gate)
        {
            client.Size = size;
            counts = _controller == client;
        }

        if (counts)
        {
            IfRunning(() => _device.Resize(size.Columns, size.Rows));
        }
    }

    /// <summary>Ends the shell with everything on its terminal.</summary>
    public void Kill()
    {
        IfRunning(() =>
        {
            // The process id may be reused after the end.
            if (_ended is not null)
            {
                return;
            }

            foreach (ProcessEntry job in ProcessTable.All().Where(entry => entry.SessionId == _process.Id || entry.ParentId == _process.Id))
            {
                ProcessTable.Send(job, Signal.KILL);
            }

            _process.Send(Signal.KILL);
        });
    }

    /// <summary>How many bytes can be read before the controller would miss some. The lock is held.</summary>
    private long Room => _controller is null ? TerminalOutput.Capacity : TerminalOutput.Capacity - (Output.End - _controller.Position);

    private void TakeControl(TerminalClient client)
    {
        TerminalSize? size;
        lock (_gate)
        {
            if (_controller == client)
            {
                return;
            }

            _controller = client;
            size = client.Size;
        }

        if (size is { } wanted)
        {
            IfRunning(() => _device.Resize(wanted.Columns, wanted.Rows));
        }

        // The previous controller may have paused it.
        ResumeReading();
    }

    private void IfRunning(Action action)
    {
        lock (_gate)
        {
            if (!_isFinished)
            {
                action();
            }
        }
    }

    private void Read()
    {
        if (_isFinished)
        {
            return;
        }

        // After its end a shell prints no more, so the rest is read without yielding.
        Span<byte> buffer = stackalloc byte[ReadSize];
        for (int reads = 0; reads < ReadsAtOnce || _ended is not null; reads++)
        {
            lock (_gate)
            {
                _isPaused = Room < ReadSize;
            }

            if (_isPaused)
            {
                // Removed instead of paused: a terminal that is hung up would wake the loop again and again.
                StopWatching();
                return;
            }

            int count = _device.Read(buffer);
            if (count > 0)
            {
                Output.Append(buffer[..count]);
            }
            else if (_ended is not null)
            {
                Finish();
                return;
            }
            else if (count == 0)
            {
                // Nobody has it open; the shell has ended or will.
                StopWatching();
                return;
            }
            else
            {
                break;
            }
        }

        _outputWatch ??= _loop.Add(_device.Output, Read);
    }

    private void StopWatching()
    {
        _outputWatch?.Dispose();
        _outputWatch = null;
    }

    private void Collect()
    {
        if (_process.TryWait() is { } status)
        {
            _endWatch.Dispose();
            _ended = status;
            Read();
        }
    }

    private void Finish()
    {
        StopWatching();
        lock (_gate)
        {
            _isFinished = true;
        }

        _input.Dispose();
        _device.Dispose();
        _process.Dispose();
        Output.Finish();
    }
}
