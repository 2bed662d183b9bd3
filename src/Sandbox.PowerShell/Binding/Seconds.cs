using System.Management.Automation;

namespace Sandbox;

/// <summary>Seconds of parameters, and milliseconds of the wire.</summary>
internal static class Seconds
{
    /// <summary>The shortest limit that can be set.</summary>
    public const double Shortest = 0.001;

    /// <summary>The longest limit: ten years.</summary>
    public const double Longest = 315_360_000;

    /// <summary>The limit of a wait; <see cref="Timeout.InfiniteTimeSpan"/> for none.</summary>
    /// <param name="seconds">The limit.</param>
    public static TimeSpan ToLimit(double? seconds) => seconds is { } given ? TimeSpan.FromSeconds(given) : Timeout.InfiniteTimeSpan;

    /// <summary>The limit in milliseconds; null for none.</summary>
    /// <param name="seconds">The limit.</param>
    public static long? ToMilliseconds(double? seconds) => seconds is { } given ? (long)Math.Ceiling(given * 1000) : null;
}

/// <summary>Takes a number of seconds or a <see cref="TimeSpan"/>.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class SecondsTransformationAttribute : ArgumentTransformationAttribute
{
    /// <inheritdoc />
    public override object Transform(EngineIntrinsics engineIntrinsics, object inputData) =>
        inputData.Unwrap() is TimeSpan time ? time.TotalSeconds : inputData;
}
