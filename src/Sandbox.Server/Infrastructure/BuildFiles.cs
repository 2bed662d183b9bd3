using System.IO.Hashing;
using System.Text;

namespace Sandbox.Server.Infrastructure;

/// <summary>The program files of server and agent, which are installed side by side.</summary>
internal static class BuildFiles
{
    public const string Server = "sandboxd";
    public const string Agent = "sandbox-agent";

    /// <summary>Returns a short hash of the server's and the agent's programs: equal for equal builds.</summary>
    public static string ComputeIdentity(string source)
    {
        XxHash128 hash = new();
        foreach (string file in Find(source, Server).Concat(Find(source, Agent)))
        {
            hash.Append(Encoding.UTF8.GetBytes(Path.GetFileName(file)));
            using FileStream content = new(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
            hash.Append(content);
        }

        return Convert.ToHexStringLower(hash.GetCurrentHash())[..16];
    }

    /// <summary>Returns the files of a program in a directory: one when it is native code, else its assemblies.</summary>
    public static IEnumerable<string> Find(string source, string program)
    {
        IEnumerable<string> names = ((string[])["", ".dll", ".runtimeconfig.json", ".deps.json"]).Select(ending => program + ending);
        string[] libraries = IsManaged(source, program)
            ? ["Sandbox.Hosting.dll", "Sandbox.Protocol.dll", "Sandbox.Linux.dll", "Yarp.ReverseProxy.dll", "System.IO.Hashing.dll"]
            : [];
        return names.Concat(libraries)
            .Select(file => Path.Combine(source, file))
            .Where(File.Exists);
    }

    /// <summary>Returns whether a program is framework-dependent instead of native.</summary>
    public static bool IsManaged(string source, string program) => File.Exists(Path.Combine(source, program + ".dll"));
}
