using System.Management.Automation.Language;

namespace Sandbox.Shell;

/// <summary>Reads what a user types at a terminal, with the keys that shells have in common.</summary>
internal sealed class LineEditor
{
    private readonly Screen _screen = new();
    private LineBuffer _buffer = new();
    private string _prompt = "";

    /// <summary>Completes the text at the cursor; null while nothing can.</summary>
    public Func<string, int, Completion?>? Completer { get; set; }

    /// <summary>Reads a command: as many lines as the parser needs.</summary>
    /// <param name="prompt">What stands before it.</param>
    /// <param name="history">What was typed before.</param>
    /// <returns>The command; empty when Ctrl+C took it back; null at the end of input.</returns>
    public string? ReadCommand(string prompt, History history)
    {
        // Where in the history; behind its end is what is being typed.
        int index = history.Entries.Count;
        string draft = "";
        return Read(prompt, Command);

        bool? Command(ConsoleKeyInfo key)
        {
            switch (key)
            {
                case { Key: ConsoleKey.Enter } when IsIncomplete(_buffer.Text):
                    _buffer.EndOfText();
                    _buffer.Insert("\n");
                    return null;
                case { Key: ConsoleKey.UpArrow } when _buffer.Up():
                case { Key: ConsoleKey.DownArrow } when _buffer.Down():
                    return null;
                case { Key: ConsoleKey.UpArrow } or { Key: ConsoleKey.P, Modifiers: ConsoleModifiers.Control }:
                    Recall(index - 1);
                    return null;
                case { Key: ConsoleKey.DownArrow } or { Key: ConsoleKey.N, Modifiers: ConsoleModifiers.Control }:
                    Recall(index + 1);
                    return null;
                case { Key: ConsoleKey.Tab }:
                    Complete();
                    return null;
                case { Key: ConsoleKey.D, Modifiers: ConsoleModifiers.Control } when _buffer.Text.Length == 0:
                    return false;
                default:
                    return Edit(key);
            }
        }

        void Recall(int to)
        {
            if (to < 0 || to > history.Entries.Count)
            {
                return;
            }

            if (index == history.Entries.Count)
            {
                draft = _buffer.Text;
            }

            index = to;
            _buffer.Replace(to == history.Entries.Count ? draft : history.Entries[to]);
        }
    }

    /// <summary>Reads one answer, which no history keeps.</summary>
    /// <param name="prompt">What stands before it.</param>
    /// <returns>The answer; null when Ctrl+C took it back, or at the end of input.</returns>
    public string? ReadAnswer(string prompt)
    {
        bool isCancelled = false;
        string? answer = Read(prompt, key =>
        {
            isCancelled |= IsInterrupt(key);
            return key is { Key: ConsoleKey.D, Modifiers: ConsoleModifiers.Control } && _buffer.Text.Length == 0 ? false : Edit(key);
        });
        return isCancelled ? null : answer;
    }

    /// <summary>Reads characters that are not shown.</summary>
    /// <param name="prompt">What stands before them.</param>
    /// <param name="typed">Is told each character, and '\b' for one that is taken back.</param>
    /// <returns>Whether it was ended by Enter.</returns>
    public static bool ReadHidden(string prompt, Action<char> typed)
    {
        Console.Out.Write(prompt);
        return WithRawKeys(() =>
        {
            while (true)
            {
                ConsoleKeyInfo key = Console.ReadKey(intercept: true);
                if (key.Key == ConsoleKey.Enter || IsInterrupt(key))
                {
                    Console.Out.Write("\r\n");
                    return key.Key == ConsoleKey.Enter;
                }

                typed(key.Key == ConsoleKey.Backspace ? '\b' : key.KeyChar);
            }
        });
    }

    private static bool IsInterrupt(ConsoleKeyInfo key) => key is { Key: ConsoleKey.C, Modifiers: ConsoleModifiers.Control };

    private static bool IsIncomplete(string text)
    {
        Parser.ParseInput(text, out _, out ParseError[] errors);
        return errors.Any(error => error.IncompleteInput);
    }

    // While a line is typed Ctrl+C is a key; while a command runs it is a signal.
    private static T WithRawKeys<T>(Func<T> read)
    {
        Console.TreatControlCAsInput = true;
        try
        {
            return read();
        }
        finally
        {
            Console.TreatControlCAsInput = false;
        }
    }

    // What a key means: null to go on, true for the text as it is, false for the end of input.
    private string? Read(string prompt, Func<ConsoleKeyInfo, bool?> press) => WithRawKeys(() =>
    {
        _prompt = prompt;
        _buffer = new LineBuffer();
        _screen.Begin();
        while (true)
        {
            // What was typed ahead or pasted is drawn once.
            if (!Console.KeyAvailable)
            {
                _screen.Draw(_prompt, _buffer.Text, _buffer.Cursor);
            }

            ConsoleKeyInfo key = Console.ReadKey(intercept: true);
            if (press(key) is { } isText)
            {
                _screen.Draw(_prompt, _buffer.Text, _buffer.Cursor);
                Console.Out.Write(IsInterrupt(key) ? "^C" : "");
                _screen.End();
                return !isText ? null : IsInterrupt(key) ? "" : _buffer.Text;
            }
        }
    });

    private bool? Edit(ConsoleKeyInfo key)
    {
        switch (key.Key, key.Modifiers)
        {
            case (ConsoleKey.Enter, _):
            case (ConsoleKey.C, ConsoleModifiers.Control):
                return true;
            case (ConsoleKey.LeftArrow, ConsoleModifiers.Control) or (ConsoleKey.B, ConsoleModifiers.Alt):
                _buffer.WordLeft();
                break;
            case (ConsoleKey.RightArrow, ConsoleModifiers.Control) or (ConsoleKey.F, ConsoleModifiers.Alt):
                _buffer.WordRight();
                break;
            case (ConsoleKey.LeftArrow, _) or (ConsoleKey.B, ConsoleModifiers.Control):
                _buffer.Left();
                break;
            case (ConsoleKey.RightArrow, _) or (ConsoleKey.F, ConsoleModifiers.Control):
                _buffer.Right();
                break;
            case (ConsoleKey.Home, _) or (ConsoleKey.A, ConsoleModifiers.Control):
                _buffer.Home();
                break;
            case (ConsoleKey.End, _) or (ConsoleKey.E, ConsoleModifiers.Control):
                _buffer.End();
                break;
            case (ConsoleKey.W, ConsoleModifiers.Control) or (ConsoleKey.Backspace, ConsoleModifiers.Alt or ConsoleModifiers.Control):
                _buffer.CutWord();
                break;
            case (ConsoleKey.Backspace, _) or (ConsoleKey.H, ConsoleModifiers.Control):
                _buffer.Backspace();
                break;
            case (ConsoleKey.Delete, _) or (ConsoleKey.D, ConsoleModifiers.Control):
                _buffer.Delete();
                break;
            case (ConsoleKey.K, ConsoleModifiers.Control):
                _buffer.CutToEnd();
                break;
            case (ConsoleKey.U, ConsoleModifiers.Control):
                _buffer.CutToStart();
                break;
            case (ConsoleKey.Y, ConsoleModifiers.Control):
                _buffer.Insert(_buffer.Cut);
                break;
            case (ConsoleKey.L, ConsoleModifiers.Control):
                _screen.Clear();
                break;
            default:
                if (!char.IsControl(key.KeyChar))
                {
                    _buffer.Insert(key.KeyChar.ToString());
                }

                break;
        }

        return null;
    }

    // What all matches have in common is typed; where that is nothing more, the matches are listed.
    private void Complete()
    {
        if (Completer?.Invoke(_buffer.Text, _buffer.Cursor) is not { } completion)
        {
            return;
        }

        if (completion.Common != _buffer.Text.Substring(completion.Start, completion.Length))
        {
            _buffer.Replace(completion.Start, completion.Length, completion.Common);
        }
        else if (completion.Names.Count > 1)
        {
            _screen.Draw(_prompt, _buffer.Text, _buffer.Cursor);
            _screen.End();
            Console.Out.Write(Columns.Of(completion.Names, Console.WindowWidth));
        }
    }
}
