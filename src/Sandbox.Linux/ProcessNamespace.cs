using System.Diagnostics;

namespace Sandbox.Linux;

/// <summary>Handles to namespaces, which stay valid after their processes have exited. See namespaces(7).</summary>
public static class ProcessNamespace
{
    private const uint GetUserNamespace = 0xb701; // NS_GET_USERNS

    /// <summary>Opens a namespace of a process.</summary>
    /// <param name="kind">The name in <c>/proc/pid/ns</c>.</param>
    /// <exception cref="System.ComponentModel.Win32Exception">It has exited, or this process may not inspect it.</exception>
    public static FileDescriptor Open(int process, string kind) => FileDescriptor.Open($"/proc/{process}/ns/{kind}", LibC.O_RDONLY);

    /// <summary>Waits until the user namespace of a process has its users and groups: before that, nobody who enters it has rights in it. The groups are
    /// mapped last. The kernel has no event for that. See user_namespaces(7).</summary>
    /// <exception cref="TimeoutException">It still has none.</exception>
    public static async Task WaitForUsersAsync(int process, TimeSpan limit)
    {
        long start = Stopwatch.GetTimestamp();
        while (File.ReadAllText($"/proc/{process}/gid_map").Length == 0)
        {
            if (Stopwatch.GetElapsedTime(start) > limit)
            {
                throw new TimeoutException($"no users were mapped for process {process}");
            }

            await Task.Delay(1);
        }
    }

    /// <summary>Opens the user namespace that owns another namespace. See ioctl_ns(2).</summary>
    public static FileDescriptor OwnerOf(FileDescriptor owned) =>
        FileDescriptor.Adopt(LibC.Check(LibC.ioctl(owned.Number, GetUserNamespace), "NS_GET_USERNS"));
}
