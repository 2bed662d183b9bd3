using System.Runtime.InteropServices;
using Sandbox.Linux;
using Sandbox.Protocol;
using Sandbox.Server.Infrastructure;

namespace Sandbox.Server.Engines.Bubblewrap;

/// <summary>The agent as it is installed for sandboxes. Each build has its own directory, so that a newer one never overwrites a running one.</summary>
/// <param name="Directory">Its directory on the host, readable by all users.</param>
/// <param name="IsNative">Whether it is native code; otherwise it needs <see cref="DotnetRoot"/>.</param>
internal sealed record AgentProgram(string Directory, bool IsNative)
{
    private const UnixFileMode ReadByAll = UnixFileMode.UserRead | UnixFileMode.GroupRead | UnixFileMode.OtherRead;
    private const UnixFileMode RunByAll = ReadByAll | UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;

    /// <summary>The files for <c>/etc</c>.</summary>
    public string Etc => Path.Combine(Directory, "etc");

    public string Bin => Path.Combine(Directory, "bin");

    /// <summary>The .NET installation that this server runs on; a framework-dependent agent shares it.</summary>
    public static string DotnetRoot { get; } = FindDotnetRoot();

    /// <summary>Copies the agent from the server's directory to where sandboxes can read it, unless that build is there.</summary>
    /// <exception cref="ApiException">The source directory has no agent.</exception>
    public static AgentProgram Install(ServerHome home, string build, string source)
    {
        AgentProgram agent = new(Path.Combine(home.Programs, build), !BuildFiles.IsManaged(source, BuildFiles.Agent));
        if (System.IO.Directory.Exists(agent.Directory))
        {
            return agent;
        }

        string[] files = [.. BuildFiles.Find(source, BuildFiles.Agent)];
        if (files.Length == 0)
        {
            throw new ApiException(
                ErrorCodes.SandboxUnavailable, $"'{BuildFiles.Agent}' is missing beside the server in '{source}'. Build or install the module again.");
        }

        AgentProgram temporary = agent with { Directory = agent.Directory + ".new" };
        FileTree.Remove(temporary.Directory);
        foreach (string directory in (string[])[temporary.Directory, temporary.Bin, temporary.Etc])
        {
            ServerHome.Make(directory, RunByAll | UnixFileMode.UserWrite);
        }

        foreach (string file in files)
        {
            string copy = Path.Combine(temporary.Bin, Path.GetFileName(file));
            File.Copy(file, copy);
            File.SetUnixFileMode(copy, RunByAll);
        }

        foreach ((string name, string content) in EtcFiles.All)
        {
            string path = Path.Combine(temporary.Etc, name);
            File.WriteAllText(path, content);
            File.SetUnixFileMode(path, ReadByAll);
        }

        System.IO.Directory.Move(temporary.Directory, agent.Directory);
        return agent;
    }

    private static string FindDotnetRoot()
    {
        // The runtime's directory is <root>/shared/Microsoft.NETCore.App/<version>/ unless this server is native code.
        string runtime = RuntimeEnvironment.GetRuntimeDirectory();
        if (Path.GetFullPath(Path.Combine(runtime, "..", "..", "..")) is var root && File.Exists(Path.Combine(root, "dotnet")))
        {
            return root;
        }

        if (Environment.GetEnvironmentVariable("DOTNET_ROOT") is { Length: > 0 } given)
        {
            return given;
        }

        return ExecutableLocator.Find("dotnet") is { } program
            ? Path.GetDirectoryName(File.ResolveLinkTarget(program, returnFinalTarget: true)?.FullName ?? program)!
            : "/usr/share/dotnet";
    }
}
