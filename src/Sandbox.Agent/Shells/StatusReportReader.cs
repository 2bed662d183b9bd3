using System.Buffers;
using System.Globalization;
using System.Text;
using Sandbox.Agent.Commands;

namespace Sandbox.Agent.Shells;

/// <summary>Parses a shell's report channel. A report is a record separator (0x1e), then six fields that each end with NUL: sequence, exit code, directory,
/// previous directory, processor times, exports.</summary>
/// <remarks>An interrupt may cut off a report anywhere; the separator, which bash never prints unescaped in a field, starts the next one cleanly.</remarks>
internal sealed class StatusReportReader(Action<StatusReport> onReport, Action<Dictionary<string, string>?> onExports)
{
    private const byte Start = 0x1e;
    private const byte End = 0;
    private static readonly char[] Separators = [' ', '\n'];

    /// <summary>The most characters that names and values of exports have together. A program can be started with far fewer.</summary>
    public const int MaximumVariables = 8 * 1024 * 1024;

    // In bytes. Quoted, a character is a few bytes at most; a path is far shorter.
    private const int MaximumExports = 4 * MaximumVariables;
    private const int MaximumField = 64 * 1024;

    private readonly ArrayBufferWriter<byte> _field = new();
    private readonly string[] _fields = new string[5];
    private byte[] _lastExports = [];
    private Dictionary<string, string> _exports = [];
    private int _index = -1;
    private bool _isTooLong;
    private bool _areTooLarge;

    /// <summary>Parses the next bytes. A report is passed on before its exports are. Unchanged exports are passed on as the same object.</summary>
    public void Parse(ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            int length = bytes.IndexOfAny(Start, End);
            if (_index >= 0)
            {
                Append(length < 0 ? bytes : bytes[..length]);
            }

            if (length < 0)
            {
                return;
            }

            if (bytes[length] == Start)
            {
                _index = 0;
                ResetField();
            }
            else if (_index >= 0)
            {
                EndField();
                ResetField();
            }

            bytes = bytes[(length + 1)..];
        }
    }

    private void Append(ReadOnlySpan<byte> part)
    {
        // A field that is too long is empty, never half.
        _isTooLong |= _field.WrittenCount + part.Length > (_index < _fields.Length ? MaximumField : MaximumExports);
        if (_isTooLong)
        {
            _field.Clear();
        }
        else
        {
            _field.Write(part);
        }
    }

    private void ResetField()
    {
        _field.ResetWrittenCount();
        _isTooLong = false;
    }

    private void EndField()
    {
        ReadOnlySpan<byte> value = _field.WrittenSpan;
        if (_index < _fields.Length)
        {
            _fields[_index++] = Encoding.UTF8.GetString(value);
            if (_index == _fields.Length &&
                long.TryParse(_fields[0], NumberStyles.None, CultureInfo.InvariantCulture, out long sequence) &&
                int.TryParse(_fields[1], NumberStyles.None, CultureInfo.InvariantCulture, out int exitCode))
            {
                onReport(new StatusReport(sequence, exitCode, ReadWord(_fields[2]), ReadWord(_fields[3]), ReadCpuTime(_fields[4])));
            }

            return;
        }

        _index = -1;
        if (_isTooLong)
        {
            onExports(null);
            return;
        }

        if (!value.SequenceEqual(_lastExports))
        {
            _lastExports = value.ToArray();
            _exports = DeclareParser.Read(value);
            _areTooLarge = _exports.Sum(pair => (long)pair.Key.Length + pair.Value.Length) > MaximumVariables;
        }

        onExports(_areTooLarge ? null : _exports);
    }

    private static string ReadWord(string quoted)
    {
        int position = 0;
        return BashQuoting.Read(Encoding.UTF8.GetBytes(quoted), ref position);
    }

    // What 'times' prints: user and system time of the shell, then of its children, each as '0m0.001s'. The decimal separator is the locale's.
    private static TimeSpan? ReadCpuTime(string text)
    {
        TimeSpan sum = TimeSpan.Zero;
        foreach (string part in text.Split(Separators, StringSplitOptions.RemoveEmptyEntries))
        {
            int minutesEnd = part.IndexOf('m', StringComparison.Ordinal);
            if (minutesEnd < 0 || !part.EndsWith('s') ||
                !int.TryParse(part.AsSpan(0, minutesEnd), NumberStyles.None, CultureInfo.InvariantCulture, out int minutes) ||
                !double.TryParse(
                    part[(minutesEnd + 1)..^1].Replace(',', '.'), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double seconds))
            {
                return null;
            }

            sum += TimeSpan.FromMinutes(minutes) + TimeSpan.FromSeconds(seconds);
        }

        return sum;
    }
}

/// <summary>A shell's report after a command.</summary>
/// <param name="PreviousDirectory">What <c>cd -</c> would go to; empty when there is none.</param>
/// <param name="Cpu">Processor time of the shell and its waited-for children since its start; null when it is not known.</param>
internal sealed record StatusReport(long Sequence, int ExitCode, string Directory, string PreviousDirectory, TimeSpan? Cpu);
