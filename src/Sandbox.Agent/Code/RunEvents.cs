using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using System.Threading.Channels;

namespace Sandbox.Agent.Code;

/// <summary>One event of a run.</summary>
/// <param name="Name">Its name, see <see cref="Protocol.CodeEvents"/>.</param>
/// <param name="Payload">The bytes that were printed, or JSON.</param>
internal readonly record struct RunEvent(string Name, ReadOnlyMemory<byte> Payload);

/// <summary>What a run tells, on its way to the one who follows it. When that one is slow, the code is held back.</summary>
internal sealed class RunEvents
{
    private const long Bound = 4L * 1024 * 1024;

    private readonly Channel<RunEvent> _channel = Channel.CreateUnbounded<RunEvent>(new UnboundedChannelOptions { SingleReader = true });
    private long _pending;
    private volatile bool _isUnbounded;
    private volatile bool _isAbandoned;

    /// <summary>Told, on any thread, when one that was held back may go on.</summary>
    public event Action? RoomMade;

    /// <summary>Whether whoever adds should wait.</summary>
    public bool IsFull => !_isUnbounded && Interlocked.Read(ref _pending) >= Bound;

    /// <summary>Adds an event.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="payload">What it holds.</param>
    public void Add(string name, ReadOnlyMemory<byte> payload)
    {
        if (!_isAbandoned)
        {
            Interlocked.Add(ref _pending, payload.Length);
            _channel.Writer.TryWrite(new RunEvent(name, payload));
        }
    }

    /// <summary>Adds an event that is JSON.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="value">What it holds.</param>
    /// <param name="type">The value's type.</param>
    public void Add<T>(string name, T value, JsonTypeInfo<T> type) => Add(name, JsonSerializer.SerializeToUtf8Bytes(value, type));

    /// <summary>The end: nothing follows.</summary>
    public void Complete() => _channel.Writer.TryComplete();

    /// <summary>Holds nobody back any more: code that is to be interrupted must not hang on its output.</summary>
    public void LiftBound()
    {
        _isUnbounded = true;
        RoomMade?.Invoke();
    }

    /// <summary>Nobody reads any more: drops everything.</summary>
    public void Abandon()
    {
        _isAbandoned = true;
        LiftBound();
        while (_channel.Reader.TryRead(out _))
        {
        }
    }

    /// <summary>Takes the next event, if there is one.</summary>
    /// <param name="next">The event.</param>
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

    /// <summary>Completes when there is an event; false when there never will be.</summary>
    /// <param name="cancellationToken">Ends the wait.</param>
    public ValueTask<bool> WaitAsync(CancellationToken cancellationToken) => _channel.Reader.WaitToReadAsync(cancellationToken);
}
