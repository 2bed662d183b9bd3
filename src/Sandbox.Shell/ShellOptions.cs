using System.Diagnostics.CodeAnalysis;

namespace Sandbox.Shell;

/// <summary>What the shell was called with.</summary>
internal sealed class ShellOptions
{
    /// <summary>The exit code of a call that makes no sense, as pwsh has it.</summary>
    public const int UsageExitCode = 64;

    /// <summary>How it is called.</summary>
    public const string Usage = """
        Usage: sandbox-shell
               sandbox-shell -Command TEXT...
               sandbox-shell -File PATH [ARGUMENT]...
               sandbox-shell -Help

        Runs PowerShell text or a script file with the Sandbox module loaded;
        without either, a prompt, if there is a terminal.
        The exit code is the one of 'exit'; else 1 after a terminating error, or, with
        -Command, after a failed last statement; else 0.

        SANDBOX_MODULE names the module's manifest when it is not beside the sources.
        """;

    /// <summary>The text to run; null when a file is run.</summary>
    public string? Command { get; private init; }

    /// <summary>The file to run; null when a text is run.</summary>
    public string? File { get; private init; }

    /// <summary>The file's arguments.</summary>
    public IReadOnlyList<string> Arguments { get; private init; } = [];

    /// <summary>Whether a user types what is to be run.</summary>
    public bool IsInteractive { get; private init; }

    /// <summary>Whether only the usage is to be shown.</summary>
    public bool WantsHelp { get; private init; }

    /// <summary>Reads the call.</summary>
    /// <param name="args">The call.</param>
    /// <param name="options">What it means.</param>
    /// <param name="problem">Why it means nothing.</param>
    public static bool TryParse(string[] args, [NotNullWhen(true)] out ShellOptions? options, [NotNullWhen(false)] out string? problem)
    {
        (options, problem) = args switch
        {
            [] when InteractiveShell.IsPossible => (new() { IsInteractive = true }, null),
            [] => (null, "Nothing to run, and no terminal to ask at."),
            [var help, ..] when Is(help, "-Help", "-h", "-?", "--help") => (new() { WantsHelp = true }, null),
            [var command] when Is(command, "-Command", "-c") => (null, "-Command needs a text."),
            [var command, .. var words] when Is(command, "-Command", "-c") => (new() { Command = string.Join(' ', words) }, null),
            [var file] when Is(file, "-File", "-f") => (null, "-File needs a path."),
            [var file, var path, .. var rest] when Is(file, "-File", "-f") => Script(path, rest),
            [var other, ..] => ((ShellOptions?)null, (string?)$"'{other}' is not understood."),
        };
        return options is not null;
    }

    private static (ShellOptions?, string?) Script(string path, string[] arguments) => System.IO.File.Exists(path)
        ? (new() { File = Path.GetFullPath(path), Arguments = arguments }, null)
        : (null, $"The script '{path}' does not exist.");

    private static bool Is(string given, params ReadOnlySpan<string> names)
    {
        foreach (string name in names)
        {
            if (string.Equals(given, name, StringComparison.OrdinalIgnoreCase))
            {
                return true;
            }
        }

        return false;
    }
}
