namespace Sandbox.Benchmarks.Measuring;

/// <summary>Series of times in milliseconds.</summary>
internal sealed class Series
{
    private readonly double[] sorted;

    public Series(IEnumerable<double> milliseconds)
    {
        sorted = [.. milliseconds.Order()];
        ArgumentOutOfRangeException.ThrowIfZero(sorted.Length);
    }

    public double Median => At(0.5);

    /// <summary>Gets the 95th percentile.</summary>
    public double P95 => At(0.95);

    private double At(double share) => sorted[(int)Math.Min(sorted.Length - 1, share * sorted.Length)];
}
