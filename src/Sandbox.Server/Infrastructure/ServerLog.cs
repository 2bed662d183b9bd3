using System.Globalization;

namespace Sandbox.Server.Infrastructure;

/// <summary>The server's log: one line for each thing worth knowing later, on standard error, which <c>start</c> leads to the log file. Never a secret.</summary>
internal static class ServerLog
{
    /// <summary>Writes a line.</summary>
    /// <param name="text">What happened.</param>
    public static void Write(string text) =>
        Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{DateTimeOffset.UtcNow:yyyy-MM-dd HH:mm:ss.fff}Z {text}"));

    /// <summary>Writes a exception with its stack trace, for the server's owner alone.</summary>
    /// <param name="text">What was being done.</param>
    /// <param name="exception">What went wrong.</param>
    public static void Write(string text, Exception exception) => Write($"{text}: {exception}");
}
