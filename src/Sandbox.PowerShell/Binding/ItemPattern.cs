using System.Management.Automation;
using System.Text;

namespace Sandbox;

/// <summary>Converts paths with PowerShell's wildcards to the server's syntax.</summary>
internal static class ItemPattern
{
    /// <summary>Whether a path contains wildcards.</summary>
    /// <param name="path">The path from the user.</param>
    public static bool IsPattern(string path) => WildcardPattern.ContainsWildcardCharacters(path);

    /// <summary>Returns the literal path: a backtick escapes the next character.</summary>
    /// <param name="path">The path from the user.</param>
    public static string ToLiteral(string path) => WildcardPattern.Unescape(path);

    /// <summary>Returns the pattern in the server's syntax: a backslash instead of the backtick; <c>!</c> is literal, as in PowerShell.</summary>
    /// <param name="pattern">The pattern from the user.</param>
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
