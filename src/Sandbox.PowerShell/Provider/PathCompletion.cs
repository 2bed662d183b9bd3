using System.Diagnostics;
using Sandbox.Protocol;

namespace Sandbox;

/// <summary>Completion of drive paths by the engine.</summary>
internal static class PathCompletion
{
    private const string EngineCompleter = "System.Management.Automation.CompletionCompleters";

    /// <summary>Whether a name must be left out because the engine is completing a path. The engine does not quote line breaks and blanks other than a space:
    /// the rest of such a name would be a parameter or a command of its own.</summary>
    /// <param name="name">The name.</param>
    public static bool MustOmit(string name) => !IsSafe(name) && IsRunning();

    private static bool IsSafe(string name) => DisplayText.IsClean(name) && !name.Any(character => character != ' ' && char.IsWhiteSpace(character));

    // The engine does not tell a provider what it asks for, but it completes on the thread of the pipeline.
    private static bool IsRunning() => new StackTrace().GetFrames()
        .Any(frame => frame.GetMethod()?.DeclaringType?.FullName?.StartsWith(EngineCompleter, StringComparison.Ordinal) == true);
}
