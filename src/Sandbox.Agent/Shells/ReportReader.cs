using System.Buffers;
using System.Globalization;
using System.Text;

namespace Sandbox.Agent.Shells;

/// <summary>Takes a shell's report channel apart. A report is a record separator (0x1e), then six fields that each end with NUL: sequence, exit code, directory, previous directory, processor times, exports.</summary>
/// <remarks>An interrupt may cut a report off anywhere; the separator, which bash never prints unescaped in a field, starts the next one cleanly.</remarks>
internal sealed class ReportReader(Action<ShellReport> onReport, Action<Dictionary<string, string>> onExports)
{
    private const byte Start = 0x1e;
    private const byte End = 0;
    private readonly ArrayBufferWriter<byte> field = new();
    private readonly string[] fields = new string[5];
    private byte[] lastExports = [];
    private Dictionary<string, string> exports = [];
    private int index = -1;

    /// <summary>Takes the next bytes; the report is told before its exports are. Exports that are those of the last time are told as the same object.</summary>
    /// <param name="bytes">What the shell wrote.</param>
    public void Take(ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            int length = bytes.IndexOfAny(Start, End);
            if (index >= 0)
            {
                field.Write(length < 0 ? bytes : bytes[..length]);
            }

            if (length < 0)
            {
                return;
            }

            if (bytes[length] == Start)
            {
                index = 0;
                field.ResetWrittenCount();
            }
            else if (index >= 0)
            {
                EndField();
                field.ResetWrittenCount();
            }

            bytes = bytes[(length + 1)..];
        }
    }

    private void EndField()
    {
        ReadOnlySpan<byte> value = field.WrittenSpan;
        if (index < fields.Length)
        {
            fields[index++] = Encoding.UTF8.GetString(value);
            if (index == fields.Length &&
                long.TryParse(fields[0], NumberStyles.None, CultureInfo.InvariantCulture, out long sequence) &&
                int.TryParse(fields[1], NumberStyles.None, CultureInfo.InvariantCulture, out int exitCode))
            {
                onReport(new ShellReport(sequence, exitCode, ReadWord(fields[2]), ReadWord(fields[3]), CpuTimes.Read(fields[4])));
            }

            return;
        }

        index = -1;
        if (!value.SequenceEqual(lastExports))
        {
            lastExports = value.ToArray();
            exports = ExportList.Read(value);
        }

        onExports(exports);
    }

    private static string ReadWord(string quoted)
    {
        int position = 0;
        return ShellWord.Read(Encoding.UTF8.GetBytes(quoted), ref position);
    }
}
