using System.Management.Automation;
using System.Text;

namespace Sandbox;

/// <summary>Paths with PowerShell's wildcards, and the sandbox's form of them.</summary>
internal static class ItemPattern
{
    /// <summary>Whether a path means more than itself.</summary>
    /// <param name="path">The path, as a user gave it.</param>
    public static bool IsPattern(string path) => WildcardPattern.ContainsWildcardCharacters(path);

    /// <summary>The path that one without wildcards means: a backtick takes the next character as it is.</summary>
    /// <param name="path">The path, as a user gave it.</param>
    public static string ToLiteral(string path) => WildcardPattern.Unescape(path);

    /// <summary>The pattern in the sandbox's form: a backslash instead of the backtick, and no meaning for <c>!</c>, which PowerShell gives none.</summary>
    /// <param name="pattern">The pattern, as a user gave it.</param>
    public static string ToServer(string pattern)
    {
        StringBuilder text = new(pattern.Length);
        for (int i = 0; i < pattern.Length; i++)
        {
            int close = pattern[i] == '[' && pattern.AsSpan(i + 1).StartsWith("!") ? pattern.IndexOf(']', i + 2) : -1;
            if (close > 0)
            {
                text.Append('[').Append(pattern, i + 2, close - i - 2).Append("!]");
                i = close;
            }
            else if (pattern[i] == '`' && i + 1 < pattern.Length)
            {
                text.Append('\\').Append(pattern[++i]);
            }
            else
            {
                text.Append(pattern[i] == '\\' ? "\\\\" : pattern[i].ToString());
            }
        }

        return text.ToString();
    }
}
