using Sandbox.Linux;
using Sandbox.Protocol;

namespace Sandbox.Agent.Terminals;

/// <summary>A shell on a terminal of its own. Any number look at it; whoever of them came or typed last is the writer: its window's size counts, and its pace.</summary>
/// <remarks>Output is read on the event loop's thread alone. A client that is not the writer never holds the shell back: what it is too slow for, it misses.</remarks>
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
    private TerminalClient? _writer;
    private bool _heldBack;
    private ExitStatus? _ended;
    private bool _finished;

    private Terminal(PseudoTerminal device, DescriptorWriter input, ChildProcess process, EventLoop loop)
    {
        _device = device;
        _process = process;
        _input = input;
        _loop = loop;
        _endWatch = loop.Add(process.Handle, Collect);
        loop.Post(Read);
    }

    /// <summary>Its id: another one for each shell.</summary>
    public string Id { get; } = Identifier.Generate();

    /// <summary>What it printed.</summary>
    public TerminalOutput Output { get; } = new();

    /// <summary>How the shell ended; null until all it printed has been taken.</summary>
    public ExitStatus? Exit
    {
        get
        {
            lock (_gate)
            {
                return _finished ? _ended : null;
            }
        }
    }

    /// <summary>Starts a shell.</summary>
    /// <param name="shell">Which, and where.</param>
    /// <param name="size">The terminal's size.</param>
    /// <param name="loop">Where it is watched.</param>
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

    /// <summary>Someone begins to look.</summary>
    /// <param name="size">The size of its window; null when it did not say.</param>
    /// <param name="offset">The first byte it has not seen; null for all that is kept.</param>
    /// <param name="mayControl">Whether it does more than look.</param>
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
            Give(client);
            if (!isFirst)
            {
                // What is shown was drawn for somebody else.
                IfLiving(_device.Redraw);
            }
        }

        return client;
    }

    /// <summary>Someone looks no more.</summary>
    /// <param name="client">Who.</param>
    public void Detach(TerminalClient client)
    {
        lock (_gate)
        {
            _clients.Remove(client);
            if (_writer == client)
            {
                _writer = _clients.FindLast(left => left.MayControl);
            }
        }

        Moved();
    }

    /// <summary>Someone has seen more.</summary>
    public void Moved()
    {
        lock (_gate)
        {
            if (!_heldBack || Room < ReadSize)
            {
                return;
            }

            _heldBack = false;
        }

        _loop.Post(Read);
    }

    /// <summary>Someone types.</summary>
    /// <param name="client">Who.</param>
    /// <param name="bytes">What.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async ValueTask WriteAsync(TerminalClient client, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        Give(client);
        try
        {
            await _input.WriteAsync(bytes, cancellationToken);
        }
        catch (System.ComponentModel.Win32Exception)
        {
            // The shell has just ended; its pidfd says so.
        }
    }

    /// <summary>Someone's window has another size.</summary>
    /// <param name="client">Whose.</param>
    /// <param name="size">Its size.</param>
    public void Resize(TerminalClient client, TerminalSize size)
    {
        bool counts;
        lock (_gate)
        {
            client.Size = size;
            counts = _writer == client;
        }

        if (counts)
        {
            IfLiving(() => _device.Resize(size.Columns, size.Rows));
        }
    }

    /// <summary>Ends the shell with all that runs on its terminal.</summary>
    public void Kill()
    {
        IfLiving(() =>
        {
            // The id of a process that has ended may be another one's.
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

    /// <summary>How many bytes may be read before the writer would miss some. The gate is held.</summary>
    private long Room => _writer is null ? TerminalOutput.Capacity : TerminalOutput.Capacity - (Output.End - _writer.Position);

    private void Give(TerminalClient client)
    {
        TerminalSize? size;
        lock (_gate)
        {
            if (_writer == client)
            {
                return;
            }

            _writer = client;
            size = client.Size;
        }

        if (size is { } wanted)
        {
            IfLiving(() => _device.Resize(wanted.Columns, wanted.Rows));
        }

        // The one before may have held it back.
        Moved();
    }

    private void IfLiving(Action action)
    {
        lock (_gate)
        {
            if (!_finished)
            {
                action();
            }
        }
    }

    private void Read()
    {
        if (_finished)
        {
            return;
        }

        // A shell that has ended prints no more: then there is no need to let others have a turn.
        Span<byte> buffer = stackalloc byte[ReadSize];
        for (int reads = 0; reads < ReadsAtOnce || _ended is not null; reads++)
        {
            lock (_gate)
            {
                _heldBack = Room < ReadSize;
            }

            if (_heldBack)
            {
                // Not just paused: a terminal that is hung up would wake the loop again and again.
                Unwatch();
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
                // Nobody has it open; the shell itself will end, or has.
                Unwatch();
                return;
            }
            else
            {
                break;
            }
        }

        _outputWatch ??= _loop.Add(_device.Output, Read);
    }

    private void Unwatch()
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
        Unwatch();
        lock (_gate)
        {
            _finished = true;
        }

        _input.Dispose();
        _device.Dispose();
        _process.Dispose();
        Output.Finish();
    }
}
