using Sandbox.Linux;

namespace Sandbox.Server.Infrastructure;

/// <summary>The host directories of one sandbox, see <see cref="ServerHome.DirectoriesOf"/>.</summary>
/// <param name="Number">Names the directories; unique in this home.</param>
/// <param name="Top">Belongs to the server: the record and the logs are here.</param>
/// <param name="Run">For sockets; does not survive a restart of the host.</param>
internal sealed record SandboxDirectories(int Number, string Top, string Run)
{
    /// <summary>Mounted as <c>/workspace</c>.</summary>
    public string Workspace => Path.Combine(Top, "workspace");

    /// <summary>Mounted as <c>/home/sandbox</c>.</summary>
    public string Home => Path.Combine(Top, "home");

    /// <summary>Mounted as <c>/var/lib/sandbox</c>: the agent's state.</summary>
    public string State => Path.Combine(Top, "state");

    /// <summary>The server's record. Servers of all versions use this name: they remove a directory without a record.</summary>
    public string Record => Path.Combine(Top, "box.json");

    /// <summary>Output of the agent.</summary>
    public string Log => Path.Combine(Top, "agent.log");

    /// <summary>Output of the programs that connect the sandbox to the internet.</summary>
    public string NetworkLog => Path.Combine(Top, "network.log");

    /// <summary>Removes everything. The record is removed last, so that the next server finishes an interrupted removal.</summary>
    public void Remove()
    {
        foreach (string directory in (string[])[Run, Workspace, Home, State, Top])
        {
            FileTree.Remove(directory);
        }
    }
}
