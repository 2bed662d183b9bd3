using System.Diagnostics;

namespace Sandbox.Server.Tests;

/// <summary>Programs that developers use run in a sandbox, where the host has them.</summary>
public sealed class ProgramTests
{
    private static readonly (string Name, string Condition, string Command, string Output)[] Programs =
    [
        ("node", "command -v node", """
            node -e 'const { Worker } = require("worker_threads");
            new Worker("require(\"worker_threads\").parentPort.postMessage(6 * 7)", { eval: true }).on("message", console.log)'
            """, "42\n"),
        ("npm", "command -v npm", """
            mkdir parcel && cd parcel && npm init -y >/dev/null && npm pkg set scripts.say="node -p 6*7" && npm run --silent say
            """, "42\n"),
        ("numpy", "python3 -c 'import numpy'", """
            python3 -c 'import numpy; print(int(numpy.arange(100).reshape(10, 10).dot(numpy.ones(10)).sum()))'
            """, "4950\n"),
        ("python", "command -v python3", """
            python3 -c 'import multiprocessing; print(sum(multiprocessing.Pool(4).map(abs, range(10))))'
            """, "45\n"),
        ("pip", "python3 -m pip -V", """
            python3 -m pip list --format=columns >list && grep -c '^pip ' list
            """, "1\n"),
        ("java", "command -v javac", """
            echo 'class A { public static void main(String[] a) throws Exception {
              var t = new Thread(() -> System.out.println(6 * 7)); t.start(); t.join();
              System.out.println(java.security.KeyStore.getDefaultType()); } }' >A.java && java A.java
            """, "42\npkcs12\n"),
        ("dotnet", "dotnet --list-sdks | grep .", """
            echo '<Project><Target Name="T"><Message Text="$([MSBuild]::Multiply(6, 7))" Importance="high" /></Target></Project>' >a.proj
            DOTNET_NOLOGO=1 dotnet msbuild a.proj -nologo -verbosity:minimal | tr -d ' '
            """, "42\n"),
        ("git", "command -v git", """
            git init -q -b main a && git -C a -c user.name=a -c user.email=a@b commit -q --allow-empty -m one
            git clone -q a b && git -C b log --format=%s
            """, "one\n"),
        ("gcc", "command -v gcc", """
            printf '#include <stdio.h>\n#include <pthread.h>\nstatic void *f(void *p) { puts("42"); return p; }
            int main(void) { pthread_t t; pthread_create(&t, 0, f, 0); return pthread_join(t, 0); }' | gcc -O2 -pthread -xc - -o a && ./a
            """, "42\n"),
        ("tmux", "command -v tmux", """
            tmux -L a new-session -d 'echo $((6 * 7)) >out; tmux -L a wait-for -S done; cat' && tmux -L a wait-for done && cat out && tmux -L a kill-server
            """, "42\n"),
        ("vim", "command -v vim", """
            vim -es -u NONE -c 'normal i42' -c wq out </dev/null; cat out
            """, "42\n"),
        ("strace", "command -v strace", """
            strace -f -e trace=execve -o out sh -c '/bin/true; /bin/true' && grep -c 'execve(.*"/bin/true".*= 0' out
            """, "2\n"),
        ("gdb", "command -v gdb", """
            gdb -q -batch -ex run /bin/true 2>&1 | grep -o 'exited normally'
            """, "exited normally\n"),
        ("man", "command -v man", """
            printf '.TH A 1\n.SH NAME\na \\- 42\n' >a.1 && man -P cat ./a.1 | grep -o 'a - 42'
            """, "a - 42\n"),
        ("perl", "command -v perl", "perl -MSocket -MTime::HiRes -e 'print 6 * 7, qq(\\n)'", "42\n"),
    ];

    public static TheoryData<ServerUser, string> Cases =>
        [.. Enum.GetValues<ServerUser>().SelectMany(user => Programs, (user, program) => new TheoryDataRow<ServerUser, string>(user, program.Name))];

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task Program_runs_in_a_sandbox(ServerUser user, string name)
    {
        (_, string condition, string command, string output) = Programs.Single(program => program.Name == name);
        TestMachine.Require(user);
        Assert.SkipUnless(await IsInstalledAsync(condition), $"NOT TESTED: {name}, which is not installed here.");
        await using TestServer server = await TestServer.StartAsync(user);
        await server.CreateAsync("""{"id":"a","network":"none"}""");
        ProcessResult run = await server.ExecAsync("a", command);
        Assert.True(run.Output == output, $"{run.Output}{run.Error}");
    }

    /// <summary>Runs a condition with the host's programs that sandboxes see, by their search path.</summary>
    private static async Task<bool> IsInstalledAsync(string condition)
    {
        ProcessStartInfo start = new("/bin/sh", ["-c", condition]) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["PATH"] = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
        using Process process = Process.Start(start)!;
        await Task.WhenAll(process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        return process.ExitCode == 0;
    }
}
