using System.Buffers;
using System.Text;
using Sandbox.Client;

namespace Sandbox;

/// <summary>Writes what a process wrote: its lines, the last of them, or all as one string. Belongs to the pipeline's thread.</summary>
internal sealed class ProcessOutput
{
    private readonly OutputSelection _stream;
    private readonly Action<string> _emit;
    private readonly OutputLines _lines;
    private readonly ArrayBufferWriter<byte>? _whole;
    private LastLines? _tail;

    /// <summary>Creates an emitter.</summary>
    /// <param name="stream">Which stream counts.</param>
    /// <param name="raw">Whether all becomes one string.</param>
    /// <param name="tail">How many of the last lines; null for all.</param>
    /// <param name="emit">Emits.</param>
    public ProcessOutput(OutputSelection stream, bool raw, int? tail, Action<string> emit)
    {
        (_stream, _emit) = (stream, emit);
        _whole = raw ? new() : null;
        _tail = tail is { } count ? new(count) : null;
        _lines = new((_, line) => Take(line));
    }

    /// <summary>Takes an event.</summary>
    /// <param name="current">The event.</param>
    public void Add(CommandEvent current)
    {
        if (current is not CommandOutput output || _stream == (output.Channel == OutputChannel.Output ? OutputSelection.Error : OutputSelection.Output))
        {
            return;
        }

        if (_whole is null)
        {
            _lines.Add(current);
        }
        else
        {
            _whole.Write(output.Data.Span);
        }
    }

    /// <summary>The existing output was read: writes its last lines and everything that follows.</summary>
    public void EndTail()
    {
        LastLines? tail = _tail;
        _tail = null;
        foreach (string line in tail?.Lines ?? [])
        {
            _emit(line);
        }
    }

    /// <summary>Completes the input.</summary>
    public void Finish()
    {
        EndTail();
        _lines.Finish();
        if (_whole is { WrittenCount: > 0 })
        {
            _emit(Encoding.UTF8.GetString(_whole.WrittenSpan));
        }
    }

    private void Take(string line)
    {
        if (_tail is null)
        {
            _emit(line);
        }
        else
        {
            _tail.Add(line);
        }
    }
}
