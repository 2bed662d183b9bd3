using System.Runtime.InteropServices;

namespace Sandbox.Benchmarks.Hosting;

/// <summary>Describes the machine of the measurements.</summary>
internal static class Machine
{
    public static string Describe()
    {
        string model = File.ReadLines("/proc/cpuinfo").FirstOrDefault(line => line.StartsWith("model name", StringComparison.Ordinal))?.Split(':', 2)[1].Trim()
            ?? RuntimeInformation.ProcessArchitecture.ToString();
        string load = File.ReadAllText("/proc/loadavg").Split(' ')[0];
        return $"{Environment.ProcessorCount} × {model}, Linux {Environment.OSVersion.Version}, {RuntimeInformation.FrameworkDescription}, " +
            $"load {load} before the start";
    }
}
