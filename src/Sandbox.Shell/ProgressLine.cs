using System.Management.Automation;

namespace Sandbox.Shell;

/// <summary>The last line of the terminal, while something tells how far it is.</summary>
internal sealed class ProgressLine
{
    private readonly Lock _lock = new();
    private bool _isShown;

    /// <summary>Shows a record in place of the one before.</summary>
    public void Show(ProgressRecord record)
    {
        lock (_lock)
        {
            if (record.RecordType == ProgressRecordType.Completed)
            {
                Clear();
                return;
            }

            string text = $"{record.Activity}: {record.StatusDescription}{(record.PercentComplete >= 0 ? $" ({record.PercentComplete} %)" : "")}".ReplaceLineEndings(" ");
            int width = Math.Max(Console.WindowWidth - 1, 1);
            Console.Error.Write($"\r\u001b[K{(text.Length > width ? text[..width] : text)}");
            _isShown = true;
        }
    }

    /// <summary>Takes it away.</summary>
    public void Clear()
    {
        lock (_lock)
        {
            if (_isShown)
            {
                Console.Error.Write("\r\u001b[K");
                _isShown = false;
            }
        }
    }
}
