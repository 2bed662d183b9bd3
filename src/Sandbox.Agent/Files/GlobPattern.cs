using System.Text;

namespace Sandbox.Agent.Files;

/// <summary>A pattern of names or paths as in shells: <c>*</c>, <c>?</c>, <c>[abc]</c>, <c>[a-z]</c>, <c>[!a]</c>, none of which matches a slash; a backslash
/// escapes the next character.</summary>
internal sealed class GlobPattern
{
    private const char Escape = '\\';

    private readonly Part[] _parts;

    public GlobPattern(string text) => _parts = [.. Read(text)];

    /// <summary>Whether a text contains wildcards.</summary>
    public static bool IsPattern(string text) => Read(text).Any(part => part.Kind != PartKind.Literal);

    /// <summary>Gets the name that a text without wildcards stands for.</summary>
    public static string Literal(string text) => string.Concat(Read(text).Select(part => part.Text));

    /// <summary>Whether the pattern names a leading dot.</summary>
    public bool WantsHidden => _parts is [{ Kind: PartKind.Literal, Text: ['.', ..] }, ..];

    public bool IsMatch(string name)
    {
        // Only the last '*' can match more; nothing before it needs another try.
        int part = 0, at = 0, star = -1, starAt = 0;
        while (at < name.Length)
        {
            if (part < _parts.Length && _parts[part].Kind == PartKind.Many)
            {
                (star, starAt) = (part++, at);
            }
            else if (part < _parts.Length && _parts[part].Takes(name, at) is var taken and > 0)
            {
                (part, at) = (part + 1, at + taken);
            }
            else if (star >= 0 && name[starAt] != '/')
            {
                (part, at) = (star + 1, ++starAt);
            }
            else
            {
                return false;
            }
        }

        return _parts.AsSpan(part).IndexOfAnyExcept(Part.Star) < 0;
    }

    private static IEnumerable<Part> Read(string text)
    {
        for (int at = 0; at < text.Length;)
        {
            int close;
            switch (text[at])
            {
                case '*':
                    yield return Part.Star;
                    at++;
                    break;
                case '?':
                    yield return new Part(PartKind.One, "?");
                    at++;
                    break;
                case '[' when at + 2 < text.Length && (close = text.IndexOf(']', at + (text[at + 1] == '!' ? 3 : 2))) > 0:
                    yield return new Part(PartKind.Set, text[(at + 1)..close]);
                    at = close + 1;
                    break;
                default:
                    at += text[at] == Escape && at + 1 < text.Length ? 1 : 0;
                    yield return new Part(PartKind.Literal, text[at..(at + 1)]);
                    at++;
                    break;
            }
        }
    }

    private enum PartKind
    {
        Literal,
        One,
        Many,
        Set,
    }

    private readonly record struct Part(PartKind Kind, string Text)
    {
        public static readonly Part Star = new(PartKind.Many, "*");

        /// <summary>Gets how many characters of the name it matches; 0 for no match.</summary>
        public int Takes(string name, int at)
        {
            int length = Rune.TryGetRuneAt(name, at, out Rune rune) ? rune.Utf16SequenceLength : 1;
            return Kind switch
            {
                PartKind.Literal => name[at] == Text[0] ? 1 : 0,
                _ when name[at] == '/' => 0,
                PartKind.One => length,
                _ => HasInSet(length == 1 ? name[at] : rune.Value) ? length : 0,
            };
        }

        private bool HasInSet(int character)
        {
            bool negated = Text[0] == '!';
            int[] members = [.. Members(negated ? Text[1..] : Text)];
            for (int i = 0; i < members.Length; i++)
            {
                bool isRange = i + 2 < members.Length && members[i + 1] == '-';
                if (isRange ? character >= members[i] && character <= members[i + 2] : character == members[i])
                {
                    return !negated;
                }

                i += isRange ? 2 : 0;
            }

            return negated;
        }

        private static IEnumerable<int> Members(string text)
        {
            for (int at = 0; at < text.Length;)
            {
                bool isWhole = Rune.TryGetRuneAt(text, at, out Rune rune);
                yield return isWhole ? rune.Value : text[at];
                at += isWhole ? rune.Utf16SequenceLength : 1;
            }
        }
    }
}
