namespace Sandbox.Benchmarks.Measuring;

/// <summary>Series of times in milliseconds.</summary>
internal sealed class Series
{
    private readonly double[] _sorted;

    public Series(IEnumerable<double> milliseconds)
    {
        _sorted = [.. milliseconds.Order()];
        ArgumentOutOfRangeException.ThrowIfZero(_sorted.Length);
    }

    public double Median => At(0.5);

    /// <summary>Gets the 95th percentile.</summary>
    public double P95 => At(0.95);

    private double At(double share) => _sorted[(int)Math.Min(_sorted.Length - 1, share * _sorted.Length)];
}
