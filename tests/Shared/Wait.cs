using System.Diagnostics;

namespace Sandbox.Testing;

/// <summary>Polls for conditions that must become true.</summary>
internal static class Wait
{
    /// <summary>The time limit of everything a test waits for. Only a failing test reaches it, so it leaves room for a busy machine.</summary>
    public static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);

    /// <summary>Blocks until a condition is true; fails the test after <see cref="Limit"/>.</summary>
    /// <param name="what">The condition in words, for the message of the failure.</param>
    /// <param name="pause">Milliseconds between two checks.</param>
    public static void Until(Func<bool> condition, string what, int pause = 20)
    {
        for (long begin = Stopwatch.GetTimestamp(); !condition(); Thread.Sleep(pause))
        {
            RequireTime(begin, what);
        }
    }

    /// <summary>Waits until a condition is true; fails the test after <see cref="Limit"/>.</summary>
    /// <param name="what">The condition in words, for the message of the failure.</param>
    public static Task UntilAsync(Func<bool> condition, string what) => UntilAsync(() => Task.FromResult(condition()), what);

    /// <inheritdoc cref="UntilAsync(Func{bool}, string)"/>
    public static async Task UntilAsync(Func<Task<bool>> condition, string what)
    {
        const int pause = 10;
        for (long begin = Stopwatch.GetTimestamp(); !await condition(); await Task.Delay(pause))
        {
            RequireTime(begin, what);
        }
    }

    private static void RequireTime(long begin, string what) =>
        Assert.True(Stopwatch.GetElapsedTime(begin) < Limit, $"Timed out after {Limit.TotalSeconds:0} s waiting until {what}.");
}
