using System.Globalization;
using System.Text;

namespace Sandbox;

/// <summary>Tracks the terminal modes set by the output, such as alternate screen, hidden cursor and mouse reporting, to reset them after detaching.
/// See "XTerm Control Sequences", DECSET.</summary>
internal sealed class TerminalModeTracker
{
    private const byte Escape = 0x1b;
    private const int LongestParameters = 64;

    // By number, whether it is usually on. The other screen is left first: the rest belongs to the first one.
    private static readonly (int Mode, bool IsUsual)[] Watched =
    [
        (1049, false), (1047, false), (47, false), (1, false), (7, true), (25, true), (1000, false), (1002, false), (1003, false), (1004, false),
        (1005, false), (1006, false), (1015, false), (2004, false), (2026, false),
    ];

    private readonly Dictionary<int, bool> _set = [];
    private readonly StringBuilder _parameters = new();
    private State _state;
    private bool _hasKeypad;
    private bool _hasMargins;
    private bool _wasUsed;

    private enum State
    {
        Text,
        Escape,
        Control,
    }

    /// <summary>The sequences that reset all changed modes.</summary>
    public string Undo
    {
        get
        {
            StringBuilder undo = new();
            foreach ((int mode, bool isUsual) in Watched.Where(watched => _set.GetValueOrDefault(watched.Mode, watched.IsUsual) != watched.IsUsual))
            {
                undo.Append(CultureInfo.InvariantCulture, $"\e[?{mode}{(isUsual ? 'h' : 'l')}");
            }

            // Setting the margins moves the cursor, which must stay.
            return undo.Append(_hasMargins ? "\e7\e[r\e8" : "").Append(_hasKeypad ? "\e>" : "").Append(_wasUsed ? "\e[0m" : "").ToString();
        }
    }

    /// <summary>Scans terminal output.</summary>
    public void Watch(ReadOnlySpan<byte> output)
    {
        while (output.Length > 0)
        {
            if (_state == State.Text)
            {
                int escape = output.IndexOf(Escape);
                if (escape < 0)
                {
                    return;
                }

                _wasUsed = true;
                _state = State.Escape;
                output = output[(escape + 1)..];
                continue;
            }

            Take(output[0]);
            output = output[1..];
        }
    }

    private void Take(byte next)
    {
        if (_state == State.Escape)
        {
            _hasKeypad = next switch { (byte)'=' => true, (byte)'>' => false, _ => _hasKeypad };
            _state = next == '[' ? State.Control : State.Text;
            _parameters.Clear();
        }
        else if (next is >= 0x20 and < 0x40 && _parameters.Length < LongestParameters)
        {
            _parameters.Append((char)next);
        }
        else
        {
            End((char)next);
            _state = next == Escape ? State.Escape : State.Text;
        }
    }

    private void End(char final)
    {
        string parameters = _parameters.ToString();
        if (final == 'r' && (parameters.Length == 0 || char.IsAsciiDigit(parameters[0]) || parameters[0] == ';'))
        {
            _hasMargins = parameters.Length > 0;
        }
        else if (final is 'h' or 'l' && parameters.StartsWith('?'))
        {
            foreach (string mode in parameters[1..].Split(';'))
            {
                if (int.TryParse(mode, NumberStyles.None, CultureInfo.InvariantCulture, out int number))
                {
                    _set[number] = final == 'h';
                }
            }
        }
    }
}
