using System.Diagnostics;

namespace Sandbox.Tests;

public sealed class MissingIsolationTests
{
    // Hides bubblewrap from one process tree: an overlay of /usr/bin in which it is removed.
    private const string WithoutBubblewrap =
        "mount -t tmpfs none /mnt && mkdir /mnt/u /mnt/w && mount -t overlay none -o lowerdir=/usr/bin,upperdir=/mnt/u,workdir=/mnt/w /usr/bin && " +
            "rm /usr/bin/bwrap && exec \"$@\"";

    [Fact]
    public void Without_isolation_New_Sandbox_fails_and_names_the_remedy()
    {
        string[] launcher = ["unshare", "-m", "sh", "-c", WithoutBubblewrap, "sh"];
        Assert.SkipUnless(Works([.. launcher, "true"]), "bubblewrap cannot be hidden here: that takes root, unshare and an overlay file system.");
        using TestHome home = new();
        using PowerShellProcess shell = new(home, launcher, "New-Sandbox a, b, c; $Error.FullyQualifiedErrorId");
        (int code, string output, string errors) = shell.Finish();
        Assert.Equal((0, "IsolationUnavailable,Sandbox.Commands.NewSandboxCommand\n"), (code, output));
        Assert.Contains("bubblewrap", errors, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("apt-get install", errors, StringComparison.Ordinal);
        Assert.Single(errors.Split('\n'), line => line.Contains("apt-get install", StringComparison.Ordinal));
    }

    private static bool Works(string[] command)
    {
        using Process process = Process.Start(new ProcessStartInfo(command[0], command[1..]) { RedirectStandardError = true })!;
        process.WaitForExit();
        return process.ExitCode == 0;
    }
}
