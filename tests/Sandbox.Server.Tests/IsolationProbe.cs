using System.Runtime.InteropServices;

namespace Sandbox.Server.Tests;

/// <summary>Real attempt at something that a sandbox must not do. It prints one word.</summary>
/// <param name="Refused">What it prints when all isolation features are on.</param>
internal sealed record IsolationProbe(string Name, string Command, string Refused)
{
    private static readonly bool IsArm = RuntimeInformation.ProcessArchitecture == Architecture.Arm64;

    /// <summary>Gets attempts that the seccomp filter refuses. They use system call numbers, so that no library gets in between.</summary>
    public static IReadOnlyList<IsolationProbe> SystemCalls { get; } =
    [
        Call("keyctl", IsArm ? 219 : 250, "0, -3, 1"),
        Call("bpf", IsArm ? 280 : 321, "0, 0, 0"),
        Call("perf_event_open", IsArm ? 241 : 298, "0, 0, 0, 0, 0"),
        Call("userfaultfd", IsArm ? 282 : 323, "1"),
        Call("io_uring_setup", 425, "1, 0"),
        Call("unshare user", IsArm ? 97 : 272, "0x10000000"),
        Call("mount", IsArm ? 40 : 165, "0, 0, 0, 0, 0"),
        Call("fsopen", 430, "0, 0"),
        Call("setns", IsArm ? 268 : 308, "0, 0"),
        Call("open_by_handle_at", IsArm ? 265 : 304, "0, 0, 0"),
        Call("clone with a new namespace", IsArm ? 220 : 56, "0x10000011, 0, 0, 0, 0"),
        Call("clone3", 435, "0, 0", 38),
        Call("typing into a terminal", IsArm ? 29 : 16, "0, 0x5412, 0"),
        Call("cryptography socket", IsArm ? 198 : 41, "38, 5, 0", 97),
        Call("hypervisor socket", IsArm ? 198 : 41, "40, 1, 0", 97),
        Call("personality", IsArm ? 92 : 135, "0x40000"),
        Call("limits of another process", IsArm ? 261 : 302, "2, 7, 0, 0"),
        Call("a call that is not listed", 440, "-1, 0, 0, 0, 0", 38),
    ];

    private static IsolationProbe Call(string name, int number, string arguments, int error = 1) =>
        new(name, $$"""perl -e '$r = syscall({{number}}, {{arguments}}); print $r < 0 ? "errno " . ($! + 0) : "done", "\n"'""", $"errno {error}");
}
