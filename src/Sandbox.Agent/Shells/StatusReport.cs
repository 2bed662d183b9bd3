namespace Sandbox.Agent.Shells;

/// <summary>What a shell says when it has finished a command.</summary>
/// <param name="Sequence">The number it was asked under.</param>
/// <param name="ExitCode">The command's exit code.</param>
/// <param name="Directory">The shell's directory.</param>
/// <param name="PreviousDirectory">What <c>cd -</c> would go to; empty when there is none.</param>
/// <param name="Cpu">Processor time of the shell and of all it waited for, since it began; null where it did not say.</param>
internal sealed record StatusReport(long Sequence, int ExitCode, string Directory, string PreviousDirectory, TimeSpan? Cpu);
