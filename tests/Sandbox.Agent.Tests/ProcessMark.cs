using Sandbox.Linux;

namespace Sandbox.Agent.Tests;

/// <summary>A program and argument that no other test and no other test run uses, to find a test's processes by.</summary>
internal sealed class ProcessMark
{
    /// <summary>A command that sleeps for an hour.</summary>
    public string Sleep { get; } = $"sleep 3600.{Random.Shared.NextInt64(1_000_000_000_000, 10_000_000_000_000)}";

    /// <summary>The processes that run <see cref="Sleep"/>, or have it in their arguments.</summary>
    public IReadOnlyList<ProcessEntry> Processes =>
        [.. ProcessTable.All().Where(process => process.IsAlive && string.Join(' ', ProcessTable.CommandLineOf(process.Id) ?? []).Contains(Sleep, StringComparison.Ordinal))];

    /// <summary>Puts <see cref="Sleep"/> in a command where it says <c>{sleep}</c>.</summary>
    public string In(string command) => command.Replace("{sleep}", Sleep, StringComparison.Ordinal);

    /// <summary>Waits until a number of <see cref="Processes"/> run.</summary>
    public Task RunAsync(int count) => Wait.UntilAsync(() => Processes.Count == count, $"{count} processes run '{Sleep}'");
}
