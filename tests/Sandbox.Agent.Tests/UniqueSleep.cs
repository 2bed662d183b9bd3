using Sandbox.Linux;

namespace Sandbox.Agent.Tests;

/// <summary>Sleep command with a duration that no other test or test run uses, so that its processes can be found.</summary>
internal sealed class UniqueSleep
{
    /// <summary>Gets a command that sleeps for an hour.</summary>
    public string Command { get; } = $"sleep 3600.{Random.Shared.NextInt64(1_000_000_000_000, 10_000_000_000_000)}";

    /// <summary>Gets the processes that run <see cref="Command"/> or have it in their arguments.</summary>
    public IReadOnlyList<ProcessEntry> Processes =>
        [.. ProcessTable.All()
            .Where(process => process.IsAlive && string.Join(' ', ProcessTable.CommandLineOf(process.Id) ?? []).Contains(Command, StringComparison.Ordinal))];

    /// <summary>Replaces <c>{sleep}</c> in a command by <see cref="Command"/>.</summary>
    public string Insert(string command) => command.Replace("{sleep}", Command, StringComparison.Ordinal);

    public Task WaitForCountAsync(int count) => Wait.UntilAsync(() => Processes.Count == count, $"{count} processes run '{Command}'");
}
