namespace Sandbox.Linux;

/// <summary>Handles to namespaces, which stay valid after their processes have exited. See namespaces(7).</summary>
public static class ProcessNamespace
{
    private const uint GetUserNamespace = 0xb701; // NS_GET_USERNS

    /// <summary>Opens the network namespace of a process.</summary>
    /// <exception cref="System.ComponentModel.Win32Exception">It has exited, or this process may not inspect it.</exception>
    public static FileDescriptor OpenNetwork(int process) => FileDescriptor.Open($"/proc/{process}/ns/net", LibC.O_RDONLY);

    /// <summary>Returns whether the user namespace of a process has its users: before that, nobody who enters it has rights in it. See
    /// user_namespaces(7).</summary>
    public static bool HasUsers(int process) => File.ReadAllText($"/proc/{process}/uid_map").Length > 0;

    /// <summary>Opens the user namespace that owns another namespace. See ioctl_ns(2).</summary>
    public static FileDescriptor OwnerOf(FileDescriptor owned) =>
        FileDescriptor.Adopt(LibC.Check(LibC.ioctl(owned.Number, GetUserNamespace), "NS_GET_USERNS"));
}
