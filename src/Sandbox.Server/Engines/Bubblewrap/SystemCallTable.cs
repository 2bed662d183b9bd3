using System.Runtime.InteropServices;

namespace Sandbox.Server.Engines.Bubblewrap;

/// <summary>Numbers of the filtered system calls on one architecture, from the kernel's tables.</summary>
/// <param name="AuditArchitecture">The kernel's AUDIT_ARCH_… constant.</param>
/// <param name="ForeignBit">Calls with this bit belong to a second calling convention (x32), 0 where there is none.</param>
/// <param name="CloneCall">clone.</param>
/// <param name="Clone3Call">clone3.</param>
/// <param name="IoControlCall">ioctl.</param>
/// <param name="SocketCall">socket.</param>
/// <param name="Denied">Calls refused with any arguments.</param>
internal sealed record SystemCallTable(
    uint AuditArchitecture, uint ForeignBit, uint CloneCall, uint Clone3Call, uint IoControlCall, uint SocketCall, IReadOnlyList<uint> Denied)
{
    // Calls added since the tables were unified have the same number everywhere:
    // io_uring_setup, _enter, _register, open_tree, move_mount, fsopen, fsconfig, fsmount, fspick,
    // pidfd_getfd, mount_setattr, quotactl_fd, open_tree_attr.
    private static readonly uint[] DeniedEverywhere = [425, 426, 427, 428, 429, 430, 431, 432, 433, 438, 442, 443, 467];

    private static readonly SystemCallTable X64 = new(0xC000_003E, 0x4000_0000, 56, 435, 16, 41,
    [
        101, 310, 311, 312, // ptrace, process_vm_readv, process_vm_writev, kcmp
        165, 166, 155, 161, // mount, umount2, pivot_root, chroot
        272, 308, // unshare, setns
        248, 249, 250, // add_key, request_key, keyctl
        321, 298, 323, // bpf, perf_event_open, userfaultfd
        246, 320, 174, 175, 176, 313, // kexec_load, kexec_file_load, create_module, init_module, delete_module, finit_module
        169, 167, 168, 163, 179, 103, // reboot, swapon, swapoff, acct, quotactl, syslog
        304, 300, 212, 153, // open_by_handle_at, fanotify_init, lookup_dcookie, vhangup
        172, 173, 164, 227, // iopl, ioperm, settimeofday, clock_settime
        .. DeniedEverywhere,
    ]);

    private static readonly SystemCallTable Arm64 = new(0xC000_00B7, 0, 220, 435, 29, 198,
    [
        117, 270, 271, 272, // ptrace, process_vm_readv, process_vm_writev, kcmp
        40, 39, 41, 51, // mount, umount2, pivot_root, chroot
        97, 268, // unshare, setns
        217, 218, 219, // add_key, request_key, keyctl
        280, 241, 282, // bpf, perf_event_open, userfaultfd
        104, 294, 105, 106, 273, // kexec_load, kexec_file_load, init_module, delete_module, finit_module
        142, 224, 225, 89, 60, 116, // reboot, swapon, swapoff, acct, quotactl, syslog
        265, 262, 18, 58, // open_by_handle_at, fanotify_init, lookup_dcookie, vhangup
        170, 112, // settimeofday, clock_settime
        .. DeniedEverywhere,
    ]);

    /// <summary>Returns the table of an architecture, or null when there is none.</summary>
    public static SystemCallTable? Of(Architecture architecture) => architecture switch
    {
        Architecture.X64 => X64,
        Architecture.Arm64 => Arm64,
        _ => null,
    };
}
