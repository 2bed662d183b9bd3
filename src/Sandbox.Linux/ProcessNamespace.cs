namespace Sandbox.Linux;

/// <summary>Namespaces, held open so that they stay what they were when their processes have gone. See namespaces(7).</summary>
public static class ProcessNamespace
{
    private const uint GetUserNamespace = 0xb701; // NS_GET_USERNS

    /// <summary>Opens the network of a process.</summary>
    /// <param name="process">The process.</param>
    /// <exception cref="System.ComponentModel.Win32Exception">It is gone, or not to be inspected.</exception>
    public static FileDescriptor OpenNetwork(int process) => FileDescriptor.Open($"/proc/{process}/ns/net", LibC.O_RDONLY);

    /// <summary>Whether a process has been told which users its user namespace has: nobody who enters that before has rights in it. See user_namespaces(7).</summary>
    /// <param name="process">The process.</param>
    public static bool HasUsers(int process) => File.ReadAllText($"/proc/{process}/uid_map").Length > 0;

    /// <summary>The user namespace to which another namespace belongs: who has rights there has them here. See ioctl_ns(2).</summary>
    /// <param name="owned">The other namespace.</param>
    public static FileDescriptor OwnerOf(FileDescriptor owned)
    {
        ArgumentNullException.ThrowIfNull(owned);
        return FileDescriptor.Adopt(LibC.Check(LibC.ioctl(owned.Number, GetUserNamespace), "NS_GET_USERNS"));
    }
}
