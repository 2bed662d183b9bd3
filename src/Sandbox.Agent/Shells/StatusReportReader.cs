using System.Buffers;
using System.Globalization;
using System.Text;

namespace Sandbox.Agent.Shells;

/// <summary>Takes a shell's report channel apart. A report is a record separator (0x1e), then six fields that each end with NUL: sequence, exit code, directory, previous directory, processor times, exports.</summary>
/// <remarks>An interrupt may cut a report off anywhere; the separator, which bash never prints unescaped in a field, starts the next one cleanly.</remarks>
internal sealed class StatusReportReader(Action<StatusReport> onReport, Action<Dictionary<string, string>> onExports)
{
    private const byte Start = 0x1e;
    private const byte End = 0;
    private readonly ArrayBufferWriter<byte> _field = new();
    private readonly string[] _fields = new string[5];
    private byte[] _lastExports = [];
    private Dictionary<string, string> _exports = [];
    private int _index = -1;

    /// <summary>Takes the next bytes; the report is told before its exports are. Exports that are those of the last time are told as the same object.</summary>
    /// <param name="bytes">What the shell wrote.</param>
    public void Take(ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            int length = bytes.IndexOfAny(Start, End);
            if (_index >= 0)
            {
                _field.Write(length < 0 ? bytes : bytes[..length]);
            }

            if (length < 0)
            {
                return;
            }

            if (bytes[length] == Start)
            {
                _index = 0;
                _field.ResetWrittenCount();
            }
            else if (_index >= 0)
            {
                EndField();
                _field.ResetWrittenCount();
            }

            bytes = bytes[(length + 1)..];
        }
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
                onReport(new StatusReport(sequence, exitCode, ReadWord(_fields[2]), ReadWord(_fields[3]), CpuTimes.Read(_fields[4])));
            }

            return;
        }

        _index = -1;
        if (!value.SequenceEqual(_lastExports))
        {
            _lastExports = value.ToArray();
            _exports = DeclareParser.Read(value);
        }

        onExports(_exports);
    }

    private static string ReadWord(string quoted)
    {
        int position = 0;
        return BashQuoting.Read(Encoding.UTF8.GetBytes(quoted), ref position);
    }
}
