using System.ComponentModel;
using System.Globalization;
using Sandbox.Linux;

namespace Sandbox.Server.Engines.Bubblewrap;

/// <summary>Limits what a sandbox takes of the quotas that the kernel counts for a user together with the user namespaces that he created: the sandboxes of
/// an ordinary user's server share them with him. See namespaces(7), <c>/proc/sys/user</c>.</summary>
internal static class KernelQuotas
{
    private const string Directory = "/proc/sys/user";
    private const int OwnerDescriptor = 3;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(15);

    private static readonly string[] Names = ["max_inotify_instances", "max_inotify_watches", "max_fanotify_groups", "max_fanotify_marks"];

    /// <summary>Gives a sandbox half of each quota.</summary>
    /// <param name="init">The sandbox's init.</param>
    /// <exception cref="IsolationException">The kernel refuses that.</exception>
    public static async Task LowerAsync(int init)
    {
        const string script = "while [ $# -gt 0 ]; do echo $2 >$1 || exit 1; shift 2; done";
        IEnumerable<string> settings = Names.Select(name => $"{Directory}/{name}").Where(File.Exists).SelectMany(file => (string[])[file, HalfOf(file)]);
        try
        {
            await ProcessNamespace.WaitForUsersAsync(init, Limit);
            using FileDescriptor mounts = ProcessNamespace.Open(init, "mnt");
            using FileDescriptor owner = ProcessNamespace.OwnerOf(mounts);
            using FileDescriptor none = FileDescriptor.OpenNull();
            string[] arguments = [.. NamespaceTool.EnterUser(OwnerDescriptor), "--", "/bin/sh", "-c", script, "sh", .. settings];
            (int exitCode, string output) = await NamespaceTool.RunAsync(arguments, Limit, new() { [0] = none, [OwnerDescriptor] = owner });
            if (exitCode != 0)
            {
                throw IsolationException.FromOutput(output);
            }
        }
        catch (Exception exception) when (exception is Win32Exception or TimeoutException or IOException)
        {
            throw IsolationException.FromOutput(exception.Message);
        }
    }

    private static string HalfOf(string file) =>
        Math.Max(1, long.Parse(File.ReadAllText(file), CultureInfo.InvariantCulture) / 2).ToString(CultureInfo.InvariantCulture);
}
