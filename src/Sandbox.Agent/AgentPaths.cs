namespace Sandbox.Agent;

/// <summary>Directories and programs of an agent, as seen inside the sandbox. Tests use others.</summary>
internal sealed record AgentPaths
{
    /// <summary>The user's files; shells start here.</summary>
    public string Workspace { get; init; } = "/workspace";

    /// <summary>State that outlives the agent: the sandbox's variables, session records, output of commands.</summary>
    public string State { get; init; } = "/var/lib/sandbox";

    /// <summary>State that does not: FIFOs and command texts.</summary>
    public string Runtime { get; init; } = "/run/sandbox";

    /// <summary>Directories of Jupyter kernels that are installed for all users.</summary>
    public IReadOnlyList<string> Kernels { get; init; } = ["/usr/local/share/jupyter/kernels", "/usr/share/jupyter/kernels"];

    /// <summary>The command line that starts shells, see <see cref="Shells.ShellLauncher.Serve"/>; by default this program.</summary>
    public IReadOnlyList<string> ShellLauncher { get; init; } = Shells.ShellLauncher.OwnCommandLine;
}
