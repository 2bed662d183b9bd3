using System.Diagnostics;

namespace Sandbox.Tests;

/// <summary>Waits for what must become true, with a deadline.</summary>
internal static class Wait
{
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    public static void Until(Func<bool> condition, string what, int pause = 20)
    {
        long begin = Stopwatch.GetTimestamp();
        while (!condition())
        {
            Assert.True(Stopwatch.GetElapsedTime(begin) < Limit, $"It did not become true in time: {what}");
            Thread.Sleep(pause);
        }
    }
}
