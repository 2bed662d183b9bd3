using System.Globalization;
using System.Text;

namespace Sandbox.Agent.Shells;

/// <summary>Takes a shell's report channel apart. A report is a record separator (0x1e), then six fields that each end with NUL: sequence, exit code, directory, previous directory, processor times, exports.</summary>
/// <remarks>An interrupt may cut a report off anywhere; the separator, which bash never prints unescaped in a field, starts the next one cleanly.</remarks>
internal sealed class ReportReader(Action<ShellReport> onReport, Action<Dictionary<string, string>> onExports)
{
    private const byte Start = 0x1e;
    private readonly List<byte> field = [];
    private readonly string[] fields = new string[5];
    private int index = -1;

    /// <summary>Takes the next bytes; the report is told before its exports are.</summary>
    /// <param name="bytes">What the shell wrote.</param>
    public void Take(ReadOnlySpan<byte> bytes)
    {
        foreach (byte b in bytes)
        {
            if (b == Start)
            {
                index = 0;
                field.Clear();
            }
            else if (b != 0)
            {
                field.Add(b);
            }
            else if (index >= 0)
            {
                EndField();
            }
        }
    }

    private void EndField()
    {
        byte[] value = [.. field];
        field.Clear();
        if (index < fields.Length)
        {
            fields[index++] = Encoding.UTF8.GetString(value);
            if (index == fields.Length &&
                long.TryParse(fields[0], NumberStyles.None, CultureInfo.InvariantCulture, out long sequence) &&
                int.TryParse(fields[1], NumberStyles.None, CultureInfo.InvariantCulture, out int exitCode))
            {
                onReport(new ShellReport(sequence, exitCode, ReadWord(fields[2]), ReadWord(fields[3]), CpuTimes.Read(fields[4])));
            }
        }
        else
        {
            index = -1;
            onExports(ExportList.Read(value));
        }
    }

    private static string ReadWord(string quoted)
    {
        int position = 0;
        return ShellWord.Read(Encoding.UTF8.GetBytes(quoted), ref position);
    }
}
