using System.Buffers;
using Sandbox.Protocol;

namespace Sandbox.Client;

/// <summary>A response that is collected in memory as a whole or in parts. What exceeds the limit is <see cref="ErrorCodes.ResponseTooLarge"/>.</summary>
internal sealed class BoundedStream : ReadOnlyStream
{
    /// <summary>The most bytes that are collected.</summary>
    public const int Limit = 64 * 1024 * 1024;

    private static readonly SearchValues<byte> LineEnds = SearchValues.Create("\r\n"u8);

    private readonly Stream _inner;
    private readonly Part _part;
    private long _length;
    private long _lineLength;
    private bool _isAfterReturn;

    private BoundedStream(Stream inner, Part part) => (_inner, _part) = (inner, part);

    private enum Part
    {
        Whole,
        Line,
        Event,
    }

    /// <summary>Limits the whole response.</summary>
    /// <param name="inner">The response, which is disposed with the stream.</param>
    public static BoundedStream OfWhole(Stream inner) => new(inner, Part.Whole);

    /// <summary>Limits each line.</summary>
    /// <inheritdoc cref="OfWhole" />
    public static BoundedStream OfLines(Stream inner) => new(inner, Part.Line);

    /// <summary>Limits each server-sent event.</summary>
    /// <inheritdoc cref="OfWhole" />
    public static BoundedStream OfEvents(Stream inner) => new(inner, Part.Event);

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        int count = await _inner.ReadAsync(buffer, cancellationToken);
        if (_part == Part.Whole)
        {
            Add(count);
        }
        else
        {
            Count(buffer.Span[..count]);
        }

        return count;
    }

    protected override void Dispose(bool disposing)
    {
        _inner.Dispose();
        base.Dispose(disposing);
    }

    // A line ends with CR, LF or both; an event ends with an empty line.
    private void Count(ReadOnlySpan<byte> block)
    {
        while (!block.IsEmpty)
        {
            if (_isAfterReturn && block[0] == '\n')
            {
                _isAfterReturn = false;
                block = block[1..];
                continue;
            }

            int end = block.IndexOfAny(LineEnds);
            int length = end < 0 ? block.Length : end;
            _lineLength += length;
            Add(length);
            if (end < 0)
            {
                _isAfterReturn = false;
                return;
            }

            if (_part == Part.Line || _lineLength == 0)
            {
                _length = 0;
            }

            _lineLength = 0;
            _isAfterReturn = block[end] == '\r';
            block = block[(end + 1)..];
        }
    }

    private void Add(int count)
    {
        _length += count;
        if (_length > Limit)
        {
            throw new ApiException(ErrorCodes.ResponseTooLarge, $"The response is larger than {Limit / 1024 / 1024} MB, so it was not read to its end.");
        }
    }
}
