using Sandbox.Client;
using Sandbox.Protocol;

namespace Sandbox;

/// <summary>Permissions as <c>ls</c> shows them.</summary>
internal static class ItemMode
{
    private const string Letters = "rwxrwxrwx";

    /// <summary>The text: <c>-rw-r--r--</c>.</summary>
    /// <param name="kind">The type of the item.</param>
    /// <param name="octal">The permissions, octal.</param>
    public static string ToText(FileKind kind, string octal)
    {
        int mode = (int)(LocalFile.ParseMode(octal) ?? UnixFileMode.None);
        char[] text = [LetterOf(kind), .. Letters.Select((letter, i) => (mode & (0x100 >> i)) != 0 ? letter : '-')];
        Mark(text, 3, (mode & 0x800) != 0, 's');
        Mark(text, 6, (mode & 0x400) != 0, 's');
        Mark(text, 9, (mode & 0x200) != 0, 't');
        return new(text);
    }

    private static void Mark(char[] text, int at, bool isSet, char letter)
    {
        if (isSet)
        {
            text[at] = text[at] == 'x' ? letter : char.ToUpperInvariant(letter);
        }
    }

    private static char LetterOf(FileKind kind) => kind switch
    {
        FileKind.Directory => 'd',
        FileKind.Link => 'l',
        FileKind.Fifo => 'p',
        FileKind.Socket => 's',
        FileKind.Device => 'c',
        _ => '-',
    };
}
