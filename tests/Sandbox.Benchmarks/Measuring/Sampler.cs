using System.Diagnostics;

namespace Sandbox.Benchmarks.Measuring;

/// <summary>Measures elapsed time.</summary>
internal static class Sampler
{
    // Long enough for warm caches, short enough that other load on the machine affects work and baseline alike.
    private const int TurnLength = 20;

    /// <summary>Measures work and its baseline alternately.</summary>
    /// <param name="count">The number of repetitions of each.</param>
    public static async Task<(Series Work, Series Floor)> InTurnsAsync(int count, Func<Task> work, Func<Task> floor)
    {
        // Warm-up: compiles code and opens connections.
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

    /// <summary>Measures repeated work.</summary>
    public static async Task<List<double>> ManyAsync(int count, Func<Task> work)
    {
        List<double> times = new(count);
        for (int i = 0; i < count; i++)
        {
            times.Add(await OnceAsync(work));
        }

        return times;
    }

    /// <summary>Measures one operation in milliseconds.</summary>
    public static async Task<double> OnceAsync(Func<Task> work)
    {
        long begin = Stopwatch.GetTimestamp();
        await work();
        return Stopwatch.GetElapsedTime(begin).TotalMilliseconds;
    }

    /// <summary>Counts the operations of many concurrent workers.</summary>
    /// <returns>The number of operations per second.</returns>
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
