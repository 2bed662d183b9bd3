using Sandbox.Protocol;

namespace Sandbox.Agent.Terminals;

/// <summary>What runs on a terminal.</summary>
/// <param name="Program">The program's full path.</param>
/// <param name="Arguments">Its arguments.</param>
/// <param name="Environment">Its variables.</param>
/// <param name="Directory">Where it starts.</param>
internal sealed record TerminalShell(string Program, IReadOnlyList<string> Arguments, IReadOnlyDictionary<string, string> Environment, string Directory)
{
    private const string DefaultProgram = "/bin/bash";
    private const string SearchPath = "/usr/local/bin:/usr/bin:/bin";

    // A prompt that says where one is, which the user's own settings may change.
    private const string Settings = """
        PS1='\u@\h:\w\$ '
        [ ! -r ~/.bashrc ] || . ~/.bashrc

        """;

    /// <summary>Finds a shell and says what it starts with.</summary>
    /// <param name="wished">The program, by path or by name; bash when null.</param>
    /// <param name="type">What the client's terminal understands: <c>TERM</c>.</param>
    /// <param name="variables">The session's variables.</param>
    /// <param name="directory">The session's directory.</param>
    /// <exception cref="ApiException"><see cref="ErrorCodes.InvalidRequest"/> when there is no such program.</exception>
    public static TerminalShell Find(string? wished, string type, IReadOnlyDictionary<string, string> variables, string directory, string fallback, string runtime)
    {
        string place = System.IO.Directory.Exists(directory) ? directory : fallback;
        string search = variables.GetValueOrDefault("PATH", SearchPath);
        string program = wished is null ? DefaultProgram
            : Candidates(wished, search, place).FirstOrDefault(File.Exists)
            ?? throw new ApiException(ErrorCodes.InvalidRequest, $"There is no program '{wished}' in the sandbox.");
        return new TerminalShell(
            program,
            wished is null ? ["--rcfile", WriteSettings(runtime)] : [],
            new Dictionary<string, string>(variables) { ["TERM"] = type, ["PWD"] = place },
            place);
    }

    private static IEnumerable<string> Candidates(string program, string search, string directory) => program.Contains('/')
        ? [Path.GetFullPath(program, directory)]
        : search.Split(':', StringSplitOptions.RemoveEmptyEntries).Select(folder => Path.Combine(folder, program));

    private static string WriteSettings(string runtime)
    {
        string file = Path.Combine(runtime, "terminal.rc");
        File.WriteAllText(file, Settings);
        return file;
    }
}
