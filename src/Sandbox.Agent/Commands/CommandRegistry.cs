using Sandbox.Linux;
using Sandbox.Protocol;

namespace Sandbox.Agent.Commands;

/// <summary>The sandbox's commands and processes by id: running ones, and ended ones that are kept, also from earlier agents.</summary>
/// <remarks>A session's lock may be held when this one is taken, never the other way round.</remarks>
internal sealed class CommandRegistry
{
    private static readonly TimeSpan AgeCheckInterval = TimeSpan.FromMinutes(1);

    private readonly Lock _gate = new();
    private readonly Dictionary<string, LinkedListNode<Entry>> _commands = new(StringComparer.Ordinal);
    private readonly LinkedList<Entry> _order = [];
    private readonly SegmentPool _segmentPool;
    private readonly EventLoop _loop;
    private Retention _retention;
    private DateTimeOffset _ageChecked;
    private long _endedBytes;
    private int _ended;
    private long _count;

    /// <summary>Loads the commands that earlier agents kept.</summary>
    public CommandRegistry(string state, Retention retention, EventLoop loop)
    {
        _loop = loop;
        _segmentPool = new SegmentPool(Path.Combine(state, "output"));
        _retention = retention.Complete();
        Load();
    }

    /// <summary>Changes how much is kept.</summary>
    public void Keep(Retention changed)
    {
        lock (_gate)
        {
            _retention = changed.Complete();
            Trim();
        }
    }

    /// <summary>Gets a command or process by its id.</summary>
    /// <exception cref="ApiException"><see cref="ErrorCodes.ProcessNotFound"/>.</exception>
    public Command Get(string id)
    {
        lock (_gate)
        {
            return _commands.TryGetValue(id, out LinkedListNode<Entry>? node)
                ? node.Value.Command
                : throw new ApiException(ErrorCodes.ProcessNotFound, $"No command or process has the id '{id}'.");
        }
    }

    /// <summary>Gets all, oldest first.</summary>
    public IReadOnlyList<Command> All()
    {
        lock (_gate)
        {
            return [.. _order.Select(entry => entry.Command)];
        }
    }

    /// <summary>Creates a command, or finds the one that the same request created before.</summary>
    /// <param name="isNew">Whether it was created and has to be queued.</param>
    /// <exception cref="ApiException"><see cref="ErrorCodes.ProcessExists"/> when the id was used for another request.</exception>
    public Command GetOrAddCommand(string id, string? sessionId, ExecRequest request, Func<ICommandRunner> findRunner, out bool isNew)
    {
        lock (_gate)
        {
            isNew = !_commands.TryGetValue(id, out LinkedListNode<Entry>? node);
            if (node is null)
            {
                return Add(id, ProcessKind.Command, sessionId, request.Cwd, request, findRunner());
            }

            Command existing = node.Value.Command;
            return existing.Fingerprint == Command.FingerprintOf(ProcessKind.Command, sessionId, request) ? existing : throw Taken(id);
        }
    }

    /// <exception cref="ApiException"><see cref="ErrorCodes.ProcessExists"/>.</exception>
    public Command AddProcess(string id, string? sessionId, string directory, ExecRequest request, ICommandRunner runner)
    {
        lock (_gate)
        {
            return _commands.ContainsKey(id) ? throw Taken(id) : Add(id, ProcessKind.Process, sessionId, directory, request, runner);
        }
    }

    /// <summary>Removes a command and its output.</summary>
    public void Remove(Command command)
    {
        lock (_gate)
        {
            if (_commands.TryGetValue(command.Id, out LinkedListNode<Entry>? node) && node.Value.Command == command)
            {
                Remove(node);
            }
        }
    }

    private static ApiException Taken(string id) => new(ErrorCodes.ProcessExists, $"The id '{id}' belongs to another command or process. Choose another one.");

    private Command Add(string id, ProcessKind kind, string? sessionId, string? cwd, ExecRequest request, ICommandRunner runner)
    {
        OutputLog journal = new(_segmentPool, _loop, ++_count, _retention.BytesPerCommand!.Value);
        Entry entry = new(new Command(id, kind, runner, sessionId, cwd, request, journal));

        // Posted, so that whoever waits for the end is notified first.
        entry.Command.OnEnded = () => _loop.Post(() => Count(entry));
        _commands.Add(id, _order.AddLast(entry));
        return entry.Command;
    }

    private void Count(Entry entry)
    {
        lock (_gate)
        {
            entry.Bytes = entry.Command.Output.KeptBytes;
            _endedBytes += entry.Bytes.Value;
            _ended++;
            Trim();
        }
    }

    private void Remove(LinkedListNode<Entry> node)
    {
        _commands.Remove(node.Value.Command.Id);
        _order.Remove(node);
        node.Value.Command.Output.Dispose();
        if (node.Value.Bytes is { } bytes)
        {
            _endedBytes -= bytes;
            _ended--;
        }
    }

    /// <summary>Removes the oldest ended commands until the rest is within the bounds.</summary>
    private void Trim()
    {
        DateTimeOffset now = DateTimeOffset.UtcNow;
        bool checksAge = now - _ageChecked > AgeCheckInterval;
        if (!checksAge && _ended <= _retention.Commands && _endedBytes <= _retention.Bytes)
        {
            return;
        }

        _ageChecked = now;
        double age = Math.Min(_retention.AgeSeconds!.Value, (now - DateTimeOffset.UnixEpoch).TotalSeconds);
        DateTimeOffset eldest = now.AddSeconds(-age);
        for (LinkedListNode<Entry>? node = _order.First; node is not null;)
        {
            LinkedListNode<Entry>? next = node.Next;
            if (node.Value.Bytes is not null && !node.Value.Command.Output.IsRead)
            {
                if (_ended <= _retention.Commands && _endedBytes <= _retention.Bytes && node.Value.Command.EndedAt >= eldest)
                {
                    break;
                }

                Remove(node);
            }

            node = next;
        }
    }

    private void Load()
    {
        List<(string Path, SegmentHeader Header)> parts = [];
        foreach (string path in _segmentPool.FindUsed())
        {
            Guard(path, () => parts.Add((path, LogSegment.ReadHeader(path))));
        }

        foreach (IGrouping<long, (string Path, SegmentHeader Header)> group in parts.GroupBy(part => part.Header.Number).OrderBy(group => group.Key))
        {
            _count = group.Key;
            Guard(group.First().Path, () =>
            {
                OutputLog journal = OutputLog.Load(_segmentPool, _loop, group, _retention.BytesPerCommand!.Value, out (FrameKind Kind, byte[] Payload) last);
                CommandRecord record = group.First().Header.Command;
                Entry entry = new(new Command(record, journal, last.Kind, last.Payload));
                _commands.Add(record.Id, _order.AddLast(entry));
                Count(entry);
            });
        }
    }

    /// <summary>Sandboxed code can change the files; it then loses its own record and nothing else.</summary>
    private static void Guard(string path, Action load)
    {
        try
        {
            load();
        }
        catch (Exception exception)
            when (exception is FormatException or IOException or UnauthorizedAccessException or ArgumentException or System.Text.Json.JsonException)
        {
            Console.Error.WriteLine($"{path}: {exception.Message}");
        }
    }

    /// <summary>A command and the size it counts with once it has ended.</summary>
    private sealed class Entry(Command command)
    {
        public Command Command { get; } = command;

        public long? Bytes { get; set; }
    }
}
