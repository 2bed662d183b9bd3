using System.Globalization;

namespace Sandbox.Server.Infrastructure;

/// <summary>The server's log: one line per event on standard error, which <c>start</c> redirects to the log file. It never contains a secret.</summary>
internal static class ServerLog
{
    public static void Write(string text) =>
        Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{DateTimeOffset.UtcNow:yyyy-MM-dd HH:mm:ss.fff}Z {text}"));

    /// <summary>Writes an exception with its stack trace.</summary>
    public static void Write(string text, Exception exception) => Write($"{text}: {exception}");
}
