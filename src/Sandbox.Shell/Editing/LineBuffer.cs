using System.Globalization;

namespace Sandbox.Shell;

/// <summary>A text that is being typed, of one or more lines, and where the cursor stands in it.</summary>
internal sealed class LineBuffer
{
    /// <summary>The text.</summary>
    public string Text { get; private set; } = "";

    /// <summary>The cursor's place in the text.</summary>
    public int Cursor { get; private set; }

    /// <summary>What was cut last.</summary>
    public string Cut { get; private set; } = "";

    private int LineStart => Cursor == 0 ? 0 : Text.LastIndexOf('\n', Cursor - 1) + 1;

    private int LineEnd => Text.IndexOf('\n', Cursor) is >= 0 and int end ? end : Text.Length;

    /// <summary>Puts another text in its place, the cursor at its end.</summary>
    public void Replace(string text) => (Text, Cursor) = (text, text.Length);

    /// <summary>Puts another text in the place of a part, the cursor behind it.</summary>
    public void Replace(int start, int length, string text) => (Text, Cursor) = (Text.Remove(start, length).Insert(start, text), start + text.Length);

    /// <summary>Types a text.</summary>
    public void Insert(string text) => Replace(Cursor, 0, text);

    /// <summary>Deletes what stands before the cursor.</summary>
    public void Backspace()
    {
        int start = Before(Cursor);
        Replace(start, Cursor - start, "");
    }

    /// <summary>Deletes what stands at the cursor.</summary>
    public void Delete() => Text = Text.Remove(Cursor, After(Cursor) - Cursor);

    /// <summary>Cuts the rest of the line.</summary>
    public void CutToEnd() => CutRange(Cursor, LineEnd);

    /// <summary>Cuts the line up to the cursor.</summary>
    public void CutToStart() => CutRange(LineStart, Cursor);

    /// <summary>Cuts the word before the cursor.</summary>
    public void CutWord() => CutRange(WordBefore(), Cursor);

    /// <summary>Moves by one character as a reader counts them.</summary>
    public void Left() => Cursor = Before(Cursor);

    /// <inheritdoc cref="Left" />
    public void Right() => Cursor = After(Cursor);

    /// <summary>Moves to a word's beginning.</summary>
    public void WordLeft() => Cursor = WordBefore();

    /// <summary>Moves behind a word's end.</summary>
    public void WordRight()
    {
        int place = Cursor;
        while (place < Text.Length && !IsWord(Text[place]))
        {
            place++;
        }

        while (place < Text.Length && IsWord(Text[place]))
        {
            place++;
        }

        Cursor = place;
    }

    /// <summary>Moves to the line's beginning.</summary>
    public void Home() => Cursor = LineStart;

    /// <summary>Moves to the line's end.</summary>
    public void End() => Cursor = LineEnd;

    /// <summary>Moves behind everything.</summary>
    public void EndOfText() => Cursor = Text.Length;

    /// <summary>Moves to the line above.</summary>
    /// <returns>Whether there is one.</returns>
    public bool Up()
    {
        int start = LineStart;
        if (start == 0)
        {
            return false;
        }

        int column = Cursor - start;
        Cursor = start - 1;
        Cursor = Math.Min(LineStart + column, start - 1);
        return true;
    }

    /// <summary>Moves to the line below.</summary>
    /// <returns>Whether there is one.</returns>
    public bool Down()
    {
        int end = LineEnd;
        if (end == Text.Length)
        {
            return false;
        }

        int column = Cursor - LineStart;
        Cursor = end + 1;
        Cursor = Math.Min(end + 1 + column, LineEnd);
        return true;
    }

    private static bool IsWord(char c) => char.IsLetterOrDigit(c) || c is '_' or '-' or '$';

    private int WordBefore()
    {
        int place = Cursor;
        while (place > 0 && !IsWord(Text[place - 1]))
        {
            place--;
        }

        while (place > 0 && IsWord(Text[place - 1]))
        {
            place--;
        }

        return place;
    }

    private int After(int place) => place + StringInfo.GetNextTextElementLength(Text, place);

    private int Before(int place)
    {
        int before = 0;
        for (int next = 0; next < place; next = After(next))
        {
            before = next;
        }

        return before;
    }

    private void CutRange(int start, int end)
    {
        if (start < end)
        {
            Cut = Text[start..end];
            Replace(start, end - start, "");
        }
    }
}
