namespace Sandbox.Benchmarks.Families;

/// <summary>Group of related measurements.</summary>
internal interface IFamily
{
    /// <summary>Gets the name for <c>--only</c>.</summary>
    string Name { get; }

    /// <summary>Runs the measurements and adds them to the report.</summary>
    Task RunAsync(BenchmarkContext bench);
}
