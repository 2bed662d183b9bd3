using Sandbox.Agent.Files;
using Sandbox.Protocol;

namespace Sandbox.Agent.Terminals;

/// <summary>The program of a terminal and its start parameters.</summary>
internal sealed record TerminalShell(string Program, IReadOnlyList<string> Arguments, IReadOnlyDictionary<string, string> Environment, string Directory)
{
    private const string DefaultProgram = "/bin/bash";
    private const string SearchPath = "/usr/local/bin:/usr/bin:/bin";

    // A prompt with the directory, which the user's settings may change.
    private const string Settings = """
        PS1='\u@\h:\w\$ '
        [ ! -r ~/.bashrc ] || . ~/.bashrc

        """;

    /// <summary>Finds the program.</summary>
    /// <param name="requested">The program, by path or by name; bash when null.</param>
    /// <exception cref="ApiException"><see cref="ErrorCodes.InvalidRequest"/> when there is no such program.</exception>
    public static TerminalShell Find(
        string? requested, string type, IReadOnlyDictionary<string, string> variables, string directory, string fallback, string runtime)
    {
        string place = System.IO.Directory.Exists(directory) ? directory : fallback;
        string search = variables.GetValueOrDefault("PATH", SearchPath);
        string program = requested is null ? DefaultProgram
            : Candidates(requested, search, place).FirstOrDefault(File.Exists)
            ?? throw new ApiException(ErrorCodes.InvalidRequest, $"There is no program '{requested}' in the sandbox.");
        return new TerminalShell(
            program,
            requested is null ? ["--rcfile", WriteSettings(runtime)] : [],
            new Dictionary<string, string>(variables) { ["TERM"] = type, ["PWD"] = place },
            place);
    }

    private static IEnumerable<string> Candidates(string program, string search, string directory) => program.Contains('/')
        ? [Path.GetFullPath(SandboxPath.ExpandHome(program), directory)]
        : search.Split(':', StringSplitOptions.RemoveEmptyEntries).Select(folder => Path.Combine(folder, program));

    private static string WriteSettings(string runtime)
    {
        string file = Path.Combine(runtime, "terminal.rc");
        File.WriteAllText(file, Settings);
        return file;
    }
}
