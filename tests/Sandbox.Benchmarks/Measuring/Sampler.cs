using System.Diagnostics;

namespace Sandbox.Benchmarks.Measuring;

/// <summary>Times things.</summary>
internal static class Sampler
{
    // Long enough that each finds its own code and data near, short enough that what else the machine does falls on both.
    private const int TurnLength = 20;

    /// <summary>Times work and its floor in turns.</summary>
    /// <param name="count">How often each.</param>
    /// <param name="work">The work.</param>
    /// <param name="floor">What it stands beside.</param>
    public static async Task<(Series Work, Series Floor)> InTurnsAsync(int count, Func<Task> work, Func<Task> floor)
    {
        // Code is compiled, connections are made.
        await ManyAsync(count / 4, work);
        await ManyAsync(count / 4, floor);
        List<double> workTimes = [], floorTimes = [];
        for (int done = 0; done < count; done += TurnLength)
        {
            int turn = Math.Min(TurnLength, count - done);
            floorTimes.AddRange(await ManyAsync(turn, floor));
            workTimes.AddRange(await ManyAsync(turn, work));
        }

        return (new Series(workTimes), new Series(floorTimes));
    }

    /// <summary>Times something that is done again and again.</summary>
    public static async Task<List<double>> ManyAsync(int count, Func<Task> work)
    {
        List<double> times = new(count);
        for (int i = 0; i < count; i++)
        {
            times.Add(await OnceAsync(work));
        }

        return times;
    }

    /// <summary>Times something, in milliseconds.</summary>
    public static async Task<double> OnceAsync(Func<Task> work)
    {
        long begin = Stopwatch.GetTimestamp();
        await work();
        return Stopwatch.GetElapsedTime(begin).TotalMilliseconds;
    }

    /// <summary>Counts how often many workers do something together in a while.</summary>
    /// <returns>How often in a second.</returns>
    public static async Task<double> RateAsync(int workers, TimeSpan duration, Func<int, Task> work)
    {
        long total = 0;
        long begin = Stopwatch.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, workers).Select(worker => Task.Run(async () =>
        {
            while (Stopwatch.GetElapsedTime(begin) < duration)
            {
                await work(worker);
                Interlocked.Increment(ref total);
            }
        })));
        return total / Stopwatch.GetElapsedTime(begin).TotalSeconds;
    }
}
