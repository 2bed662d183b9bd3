using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using System.Threading.Channels;
using Sandbox.Linux;

namespace Sandbox.Agent.Code;

internal readonly record struct RunEvent(string Name, ReadOnlyMemory<byte> Payload);

/// <summary>The events of a run on their way to its reader. While the reader is slow, the code is paused.</summary>
internal sealed class RunEvents : IBackpressure
{
    private const long Bound = 4L * 1024 * 1024;

    private readonly Channel<RunEvent> _channel = Channel.CreateUnbounded<RunEvent>(new UnboundedChannelOptions { SingleReader = true });
    private long _pending;
    private volatile bool _isUnbounded;
    private volatile bool _isAbandoned;

    /// <inheritdoc />
    public event Action? RoomMade;

    /// <inheritdoc />
    public bool IsFull => !_isUnbounded && Interlocked.Read(ref _pending) >= Bound;

    public void Add(string name, ReadOnlyMemory<byte> payload)
    {
        if (!_isAbandoned)
        {
            Interlocked.Add(ref _pending, payload.Length);
            _channel.Writer.TryWrite(new RunEvent(name, payload));
        }
    }

    public void Add<T>(string name, T value, JsonTypeInfo<T> type) => Add(name, JsonSerializer.SerializeToUtf8Bytes(value, type));

    /// <summary>Marks the end of the events.</summary>
    public void Complete() => _channel.Writer.TryComplete();

    /// <summary>Removes the bound: code that is being interrupted must not block on its output.</summary>
    public void LiftBound()
    {
        _isUnbounded = true;
        RoomMade?.Invoke();
    }

    /// <summary>Discards all events, when there is no reader any more.</summary>
    public void Abandon()
    {
        _isAbandoned = true;
        LiftBound();
        while (_channel.Reader.TryRead(out _))
        {
        }
    }

    public bool TryRead(out RunEvent next)
    {
        if (!_channel.Reader.TryRead(out next))
        {
            return false;
        }

        Interlocked.Add(ref _pending, -next.Payload.Length);
        RoomMade?.Invoke();
        return true;
    }

    /// <summary>Completes when there is an event; false at the end.</summary>
    public ValueTask<bool> WaitAsync(CancellationToken cancellationToken) => _channel.Reader.WaitToReadAsync(cancellationToken);
}
