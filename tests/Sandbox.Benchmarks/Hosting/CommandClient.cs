using Sandbox.Client;
using Sandbox.Protocol;

namespace Sandbox.Benchmarks.Hosting;

/// <summary>Runs commands with the client library.</summary>
/// <param name="session">The session; null for a new shell for each command.</param>
internal sealed class CommandClient(SandboxClient client, string sandbox, string? session)
{
    /// <summary>Runs a command; throws when it fails.</summary>
    /// <returns>The number of bytes printed.</returns>
    public async Task<long> RunAsync(string command, CancellationToken cancellationToken)
    {
        using CommandReader reader = await client.Sandbox(sandbox).Session(session).Process(Identifier.Generate()).ExecAsync(
            new() { Command = command }, cancellationToken);
        return await CountAsync(reader, cancellationToken);
    }

    /// <summary>Reads the output of a command; throws when the command fails.</summary>
    /// <returns>The number of bytes printed.</returns>
    public static async Task<long> CountAsync(CommandReader reader, CancellationToken cancellationToken)
    {
        long count = 0;
        await foreach (CommandEvent current in reader.ReadAsync(cancellationToken))
        {
            if (current is CommandOutput output)
            {
                count += output.Data.Length;
            }
            else if (current is CommandExit { Exit: { ExitCode: not 0 } exit })
            {
                throw new InvalidOperationException($"A command ended with {exit.ExitCode}.");
            }
        }

        return count;
    }
}
