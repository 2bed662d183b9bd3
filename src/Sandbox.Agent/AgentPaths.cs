namespace Sandbox.Agent;

/// <summary>Where things lie, as seen inside the sandbox. Tests put them elsewhere.</summary>
internal sealed record AgentPaths
{
    /// <summary>The user's files, and where shells start.</summary>
    public string Workspace { get; init; } = "/workspace";

    /// <summary>What outlives the agent: the sandbox's environment, session records, output of commands.</summary>
    public string State { get; init; } = "/var/lib/sandbox";

    /// <summary>What does not: pipes and command texts.</summary>
    public string Runtime { get; init; } = "/run/sandbox";

    /// <summary>Where Jupyter kernels are installed for all users.</summary>
    public IReadOnlyList<string> Kernels { get; init; } = ["/usr/local/share/jupyter/kernels", "/usr/share/jupyter/kernels"];

    /// <summary>The command line that starts shells, see <see cref="Shells.ShellLauncher.Serve"/>: by default this very program.</summary>
    public IReadOnlyList<string> ShellLauncher { get; init; } = Shells.ShellLauncher.OwnCommandLine;
}
