using System.Text;

namespace Sandbox.Protocol;

/// <summary>A pattern of names or paths as in shells: <c>*</c>, <c>?</c>, <c>[abc]</c>, <c>[a-z]</c>, <c>[!a]</c>, none of which matches a slash; a backslash
/// escapes the next character.</summary>
public sealed class GlobPattern
{
    private const char Escape = '\\';

    private readonly Part[] _parts;

    /// <summary>Reads a pattern.</summary>
    /// <param name="text">The pattern.</param>
    /// <param name="isIgnoreRule">Whether sets have what those of <c>.gitignore</c> have as well: <c>[^a]</c>, <c>[[:alpha:]]</c> and escapes.</param>
    public GlobPattern(string text, bool isIgnoreRule = false) => _parts = [.. Read(text, isIgnoreRule)];

    /// <summary>Whether a text contains wildcards.</summary>
    /// <param name="text">The text.</param>
    public static bool IsPattern(string text) => Read(text, isIgnoreRule: false).Any(part => part.Kind != PartKind.Literal);

    /// <summary>Returns the name that a text without wildcards stands for.</summary>
    /// <param name="text">The text.</param>
    public static string Literal(string text) => string.Concat(Read(text, isIgnoreRule: false).Select(part => part.Character));

    /// <summary>Whether the pattern names a leading dot.</summary>
    public bool WantsHidden => _parts is [{ Kind: PartKind.Literal, Character: '.' }, ..];

    /// <summary>Whether the pattern matches a name or path.</summary>
    /// <param name="name">The name or path, in the form of <see cref="PathText"/>.</param>
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

        return !_parts.AsSpan(part).ContainsAnyExcept(Part.Star);
    }

    private static IEnumerable<Part> Read(string text, bool isIgnoreRule)
    {
        for (int at = 0; at < text.Length;)
        {
            switch (text[at])
            {
                case '*':
                    yield return Part.Star;
                    at++;
                    break;
                case '?':
                    yield return new Part(PartKind.One, default, null);
                    at++;
                    break;
                case '[' when CharacterSet.TryRead(text, at, isIgnoreRule, out int end) is { } set:
                    yield return new Part(PartKind.Set, default, set);
                    at = end;
                    break;
                default:
                    at += text[at] == Escape && at + 1 < text.Length ? 1 : 0;
                    yield return new Part(PartKind.Literal, text[at], null);
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

    private readonly record struct Part(PartKind Kind, char Character, CharacterSet? Set)
    {
        public static readonly Part Star = new(PartKind.Many, default, null);

        /// <summary>Returns how many characters of the name it matches; 0 for no match.</summary>
        public int Takes(string name, int at)
        {
            int length = Rune.TryGetRuneAt(name, at, out Rune rune) ? rune.Utf16SequenceLength : 1;
            return Kind switch
            {
                PartKind.Literal => name[at] == Character ? 1 : 0,
                _ when name[at] == '/' => 0,
                PartKind.One => length,
                _ => Set!.Contains(length == 1 ? name[at] : rune.Value) ? length : 0,
            };
        }
    }

    /// <summary>The characters between brackets.</summary>
    private sealed class CharacterSet(bool isNegated, List<(int First, int Last)> ranges, List<Func<int, bool>> classes)
    {
        private static readonly Dictionary<string, Func<int, bool>> Classes = new(StringComparer.Ordinal)
        {
            ["alnum"] = code => code < 0x80 && char.IsAsciiLetterOrDigit((char)code),
            ["alpha"] = code => code < 0x80 && char.IsAsciiLetter((char)code),
            ["blank"] = code => code is ' ' or '\t',
            ["cntrl"] = code => code is < 0x20 or 0x7f,
            ["digit"] = code => code is >= '0' and <= '9',
            ["graph"] = code => code is > 0x20 and < 0x7f,
            ["lower"] = code => code is >= 'a' and <= 'z',
            ["print"] = code => code is >= 0x20 and < 0x7f,
            ["punct"] = code => code is > 0x20 and < 0x7f && !char.IsAsciiLetterOrDigit((char)code),
            ["space"] = code => code is ' ' or (>= 0x09 and <= 0x0d),
            ["upper"] = code => code is >= 'A' and <= 'Z',
            ["xdigit"] = code => code < 0x80 && char.IsAsciiHexDigit((char)code),
        };

        /// <summary>Reads a set; null when it has no end.</summary>
        public static CharacterSet? TryRead(string text, int begin, bool isIgnoreRule, out int end)
        {
            List<(int First, int Last)> ranges = [];
            List<Func<int, bool>> classes = [];
            int at = begin + 1;
            bool isNegated = at < text.Length && (text[at] == '!' || (isIgnoreRule && text[at] == '^'));
            at += isNegated ? 1 : 0;

            // A bracket that comes first is a member.
            for (int first = at; at < text.Length && (text[at] != ']' || at == first);)
            {
                if (isIgnoreRule && text.AsSpan(at).StartsWith("[:") && text.IndexOf(":]", at + 2, StringComparison.Ordinal) is var close and > 0
                    && Classes.TryGetValue(text[(at + 2)..close], out Func<int, bool>? known))
                {
                    classes.Add(known);
                    at = close + 2;
                    continue;
                }

                int low = ReadMember(text, ref at, isIgnoreRule), high = low;
                if (at + 1 < text.Length && text[at] == '-' && text[at + 1] != ']')
                {
                    at++;
                    high = ReadMember(text, ref at, isIgnoreRule);
                }

                ranges.Add((low, high));
            }

            end = at + 1;
            return at < text.Length ? new CharacterSet(isNegated, ranges, classes) : null;
        }

        public bool Contains(int code) =>
            (ranges.Exists(range => code >= range.First && code <= range.Last) || classes.Exists(known => known(code))) != isNegated;

        private static int ReadMember(string text, ref int at, bool isIgnoreRule)
        {
            at += isIgnoreRule && text[at] == Escape && at + 1 < text.Length ? 1 : 0;
            bool isWhole = Rune.TryGetRuneAt(text, at, out Rune rune);
            int code = isWhole ? rune.Value : text[at];
            at += isWhole ? rune.Utf16SequenceLength : 1;
            return code;
        }
    }
}
