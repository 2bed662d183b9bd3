using System.Globalization;

namespace Sandbox.Agent.Shells;

/// <summary>Reads what <c>times</c> prints: user and system time of the shell, then of its children, each as <c>0m0.001s</c>.</summary>
internal static class CpuTimes
{
    private static readonly char[] Separators = [' ', '\n'];

    /// <summary>Reads the times.</summary>
    /// <param name="text">What bash printed.</param>
    /// <returns>Their sum; null when it is something else.</returns>
    public static TimeSpan? Read(string text)
    {
        TimeSpan sum = TimeSpan.Zero;
        foreach (string part in text.Split(Separators, StringSplitOptions.RemoveEmptyEntries))
        {
            int minutesEnd = part.IndexOf('m', StringComparison.Ordinal);
            if (minutesEnd < 0 || !part.EndsWith('s') ||
                !int.TryParse(part.AsSpan(0, minutesEnd), NumberStyles.None, CultureInfo.InvariantCulture, out int minutes) ||
                !double.TryParse(part[(minutesEnd + 1)..^1].Replace(',', '.'), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double seconds))
            {
                return null;
            }

            // The decimal separator is the locale's.
            sum += TimeSpan.FromMinutes(minutes) + TimeSpan.FromSeconds(seconds);
        }

        return sum;
    }
}
