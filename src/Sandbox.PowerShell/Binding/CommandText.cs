namespace Sandbox;

/// <summary>Command lines for the shell of a sandbox, as scripts contain them.</summary>
internal static class CommandText
{
    /// <summary>Returns the text with the line ends of Linux. A script that was saved on Windows has others in its strings, which bash takes for part of
    /// words.</summary>
    /// <param name="text">The text from the user.</param>
    public static string Normalize(string text) => text.Replace("\r\n", "\n", StringComparison.Ordinal);
}
