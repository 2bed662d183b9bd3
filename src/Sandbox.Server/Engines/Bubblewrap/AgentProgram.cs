using System.IO.Hashing;
using System.Runtime.InteropServices;
using System.Text;
using Sandbox.Linux;
using Sandbox.Protocol;
using Sandbox.Server.Infrastructure;

namespace Sandbox.Server.Engines.Bubblewrap;

/// <summary>The agent as it is installed for sandboxes: by build, so that a newer one never overwrites one that runs.</summary>
/// <param name="Directory">Its directory on the host, readable by all users.</param>
/// <param name="IsNative">Whether it is native code; otherwise it needs <see cref="DotnetRoot"/>.</param>
internal sealed record AgentProgram(string Directory, bool IsNative)
{
    private const string NativeFile = "sandbox-agent";
    private const string ManagedFile = "sandbox-agent.dll";
    private const UnixFileMode ReadByAll = UnixFileMode.UserRead | UnixFileMode.GroupRead | UnixFileMode.OtherRead;
    private const UnixFileMode RunByAll = ReadByAll | UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;

    /// <summary>Its small <c>/etc</c>.</summary>
    public string Etc => Path.Combine(Directory, "etc");

    /// <summary>The program itself.</summary>
    public string Bin => Path.Combine(Directory, "bin");

    /// <summary>The .NET installation this server runs on, which a framework-dependent agent shares.</summary>
    public static string DotnetRoot { get; } = FindDotnetRoot();

    /// <summary>A short hash of the server's and the agent's programs.</summary>
    /// <param name="source">The directory where both lie.</param>
    public static string BuildIdentity(string source)
    {
        XxHash128 hash = new();
        foreach (string file in ProgramFiles(source, "sandboxd").Concat(ProgramFiles(source, NativeFile)))
        {
            hash.Append(Encoding.UTF8.GetBytes(Path.GetFileName(file)));
            using FileStream content = new(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
            hash.Append(content);
        }

        return Convert.ToHexStringLower(hash.GetCurrentHash())[..16];
    }

    /// <summary>Copies the agent that lies beside the server to where sandboxes can read it, unless it is there.</summary>
    /// <param name="home">The server's home.</param>
    /// <param name="build">The server's build, which names the copy.</param>
    /// <param name="source">Where the agent is copied from.</param>
    /// <exception cref="ApiException">There is no agent in it.</exception>
    public static AgentProgram Install(ServerHome home, string build, string source)
    {
        bool isNative = !File.Exists(Path.Combine(source, ManagedFile));
        AgentProgram agent = new(Path.Combine(home.Programs, build), isNative);
        if (System.IO.Directory.Exists(agent.Directory))
        {
            return agent;
        }

        string[] files = [.. ProgramFiles(source, NativeFile)];
        if (files.Length == 0)
        {
            throw new ApiException(ErrorCodes.SandboxUnavailable, $"'{NativeFile}' does not lie beside the server in '{source}'. Build or install the module again.");
        }

        AgentProgram fresh = agent with { Directory = agent.Directory + ".new" };
        FileTree.Remove(fresh.Directory);
        foreach (string directory in (string[])[fresh.Directory, fresh.Bin, fresh.Etc])
        {
            ServerHome.Make(directory, RunByAll | UnixFileMode.UserWrite);
        }

        foreach (string file in files)
        {
            string copy = Path.Combine(fresh.Bin, Path.GetFileName(file));
            File.Copy(file, copy);
            File.SetUnixFileMode(copy, RunByAll);
        }

        foreach ((string name, string content) in EtcFiles.All)
        {
            string path = Path.Combine(fresh.Etc, name);
            File.WriteAllText(path, content);
            File.SetUnixFileMode(path, ReadByAll);
        }

        System.IO.Directory.Move(fresh.Directory, agent.Directory);
        return agent;
    }

    private static IEnumerable<string> ProgramFiles(string source, string name)
    {
        string[] endings = ["", ".dll", ".runtimeconfig.json", ".deps.json"];
        bool isManaged = File.Exists(Path.Combine(source, name + ".dll"));
        IEnumerable<string> names = endings.Select(ending => name + ending);
        return (isManaged ? names.Concat(["Sandbox.Protocol.dll", "Sandbox.Linux.dll", "Yarp.ReverseProxy.dll", "System.IO.Hashing.dll"]) : names)
            .Select(file => Path.Combine(source, file))
            .Where(File.Exists);
    }

    private static string FindDotnetRoot()
    {
        // …/shared/Microsoft.NETCore.App/10.0.x/ when this server itself runs on it.
        string runtime = RuntimeEnvironment.GetRuntimeDirectory();
        if (Path.GetFullPath(Path.Combine(runtime, "..", "..", "..")) is var root && File.Exists(Path.Combine(root, "dotnet")))
        {
            return root;
        }

        if (Environment.GetEnvironmentVariable("DOTNET_ROOT") is { Length: > 0 } given)
        {
            return given;
        }

        string? program = ExecutableLocator.Find("dotnet");
        return Path.GetDirectoryName(program is null ? null : File.ResolveLinkTarget(program, returnFinalTarget: true)?.FullName ?? program) ?? "/usr/share/dotnet";
    }
}
