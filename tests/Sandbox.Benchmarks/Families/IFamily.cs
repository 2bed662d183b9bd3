namespace Sandbox.Benchmarks.Families;

/// <summary>Figures that belong together.</summary>
internal interface IFamily
{
    /// <summary>What <c>--only</c> calls it.</summary>
    string Name { get; }

    /// <summary>Measures, and adds the figures.</summary>
    Task RunAsync(Bench bench);
}
