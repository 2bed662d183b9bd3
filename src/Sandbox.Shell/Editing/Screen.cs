using System.Globalization;
using System.Text;

namespace Sandbox.Shell;

/// <summary>Draws a text that is being typed behind its prompt, wrapped to the terminal's width.</summary>
internal sealed class Screen
{
    private const string Continuation = ">> ";
    private const string ClearBelow = "\u001b[J";

    // Where the last drawing left the cursor and ended, counted from its first row.
    private int _cursorRow;
    private int _lastRow;

    private static int Width => Math.Max(Console.WindowWidth, 10);

    /// <summary>Forgets what was drawn: the next drawing begins where the cursor is.</summary>
    public void Begin() => _cursorRow = _lastRow = 0;

    /// <summary>Draws, over what was drawn before.</summary>
    public void Draw(string prompt, string text, int cursor)
    {
        StringBuilder drawn = new();
        (int row, int column) = (0, 0);
        (int Row, int Column) place = (0, 0);
        Up(drawn, _cursorRow).Append('\r').Append(ClearBelow);
        Add(prompt);
        for (int i = 0; i < text.Length;)
        {
            Mark(i);
            int length = StringInfo.GetNextTextElementLength(text, i);
            if (text[i] == '\n')
            {
                NewRow();
                Add(Continuation);
            }
            else
            {
                Put(text.AsSpan(i, length));
            }

            i += length;
        }

        Mark(text.Length);
        Up(drawn, row - place.Row).Append('\r');
        if (place.Column > 0)
        {
            drawn.Append(CultureInfo.InvariantCulture, $"\u001b[{place.Column}C");
        }

        (_cursorRow, _lastRow) = (place.Row, row);
        Console.Out.Write(drawn);

        void Mark(int index)
        {
            if (index != cursor)
            {
                return;
            }

            if (column == Width)
            {
                NewRow();
            }

            place = (row, column);
        }

        void Add(string part)
        {
            for (int i = 0; i < part.Length; i += StringInfo.GetNextTextElementLength(part, i))
            {
                Put(part.AsSpan(i, StringInfo.GetNextTextElementLength(part, i)));
            }
        }

        // The row is ended here and not by the terminal, which differs from others in when it does so.
        void Put(ReadOnlySpan<char> element)
        {
            int cells = Cells.Of(element);
            if (column + cells > Width)
            {
                NewRow();
            }

            // What a terminal would obey is shown as a mark.
            drawn.Append(char.IsControl(element[0]) ? "·" : element);
            column += cells;
        }

        void NewRow()
        {
            drawn.Append("\r\n");
            (row, column) = (row + 1, 0);
        }
    }

    /// <summary>Leaves the drawing: the cursor goes to a new row below it.</summary>
    public void End()
    {
        StringBuilder drawn = new();
        if (_lastRow > _cursorRow)
        {
            drawn.Append(CultureInfo.InvariantCulture, $"\u001b[{_lastRow - _cursorRow}B");
        }

        Console.Out.Write(drawn.Append("\r\n"));
        Begin();
    }

    /// <summary>Empties the terminal.</summary>
    public void Clear()
    {
        Console.Out.Write("\u001b[H\u001b[2J");
        Begin();
    }

    private static StringBuilder Up(StringBuilder drawn, int rows) => rows > 0 ? drawn.Append(CultureInfo.InvariantCulture, $"\u001b[{rows}A") : drawn;
}
