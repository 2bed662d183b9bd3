namespace Sandbox.Agent.Shells;

/// <summary>What a shell says when it has finished a command.</summary>
/// <param name="Sequence">The number it was asked under.</param>
/// <param name="ExitCode">The command's exit code.</param>
/// <param name="Directory">The shell's directory.</param>
/// <param name="PreviousDirectory">What <c>cd -</c> would go to; empty when there is none.</param>
internal sealed record ShellReport(long Sequence, int ExitCode, string Directory, string PreviousDirectory);
