using System.Diagnostics;
using System.Text.Json;
using Sandbox.Linux;
using Sandbox.Protocol;

namespace Sandbox.Server.Tests;

/// <summary>The directories of the server, and those that it refuses.</summary>
public sealed class HomeTests
{
    [Theory]
    [InlineData(ServerUser.Root)]
    [InlineData(ServerUser.Ordinary)]
    public async Task Home_is_private_except_for_the_directories_sandboxes_traverse(ServerUser user)
    {
        await using TestServer server = await TestServer.StartAsync(user);
        await server.CreateAsync("""{"id":"a"}""");
        string box = server.SandboxDirectory("a");
        string passable = user == ServerUser.Root ? "711" : "700";
        Assert.Equal(
            [passable, passable, user == ServerUser.Root ? "710" : "700", "700", "700", "700", "700", "700", "600", "600", "600", "600"],
            new[]
            {
                $"{server.Home}/state", $"{server.Home}/state/boxes", box, $"{box}/workspace", $"{box}/home", $"{box}/state",
                $"{server.Home}/run", $"{server.Home}/run/boxes", $"{box}/box.json", $"{box}/agent.log",
                $"{server.Home}/state/server.lock", $"{server.Home}/state/server.log",
            }.Select(path => Convert.ToString((int)FileStatus.Of(path).Permissions, 8)));
        uint sandbox = server.RecordOf("a").UserId;
        Assert.Equal(user == ServerUser.Root, sandbox != TestMachine.IdOf(user));
        Assert.Equal((sandbox, TestMachine.IdOf(user)), (FileStatus.Of($"{box}/workspace").Owner, FileStatus.Of(box).Owner));
        Assert.Equal(sandbox, FileStatus.Of(box).Group);
    }

    [Fact]
    public async Task Other_users_cannot_run_a_set_user_id_program_of_a_sandbox()
    {
        await using TestServer server = await TestServer.StartAsync(ServerUser.Root);
        await server.CreateAsync("""{"id":"a"}""");
        await server.ExecAsync("a", "cp /usr/bin/id /workspace/id; chmod 6755 /workspace/id; chmod 755 /workspace");
        string program = $"{server.SandboxDirectory("a")}/workspace/id";

        // Also in a sandbox of an earlier server, whose directory all users could pass through.
        await server.KillAsync();
        File.SetUnixFileMode(server.SandboxDirectory("a"), (UnixFileMode)0x1c9 /* 0711 */);
        Assert.Contains("euid=", await RunAsAsync("nobody", program), StringComparison.Ordinal);
        await server.StartAsync();
        Assert.DoesNotContain("uid=", await RunAsAsync("nobody", program), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0x1ff, "can be written to by others")]
    [InlineData(0x1fd, "can be written to by others")]
    public async Task Home_below_a_directory_that_others_can_change_is_refused(int permissions, string reason)
    {
        TestMachine.Require(ServerUser.Root);
        string parent = TestMachine.NewDirectory(0);
        try
        {
            FileSystem.SetGroup(parent, TestMachine.IdOf(ServerUser.Ordinary));
            File.SetUnixFileMode(parent, (UnixFileMode)permissions);
            await AssertParentRefusedAsync(parent, reason);

            // With the sticky bit, as in /tmp, others cannot replace what is not theirs.
            File.SetUnixFileMode(parent, (UnixFileMode)permissions | UnixFileMode.StickyBit);
            Assert.DoesNotContain(reason, (await StartInAsync($"{parent}/home/{new string('x', 90)}")).Error, StringComparison.Ordinal);
        }
        finally
        {
            FileTree.Remove(parent);
        }
    }

    [Fact]
    public async Task Home_below_another_users_directory_is_refused()
    {
        TestMachine.Require(ServerUser.Root);
        string parent = TestMachine.NewDirectory(TestMachine.IdOf(ServerUser.Ordinary));
        try
        {
            await AssertParentRefusedAsync(parent, "belongs to user");
        }
        finally
        {
            FileTree.Remove(parent);
        }
    }

    [Fact]
    public async Task Every_sandbox_of_a_root_server_has_its_own_uid_which_is_not_reused()
    {
        await using TestServer server = await TestServer.StartAsync(ServerUser.Root);
        await server.CreateAsync("""{"id":"a"}""");
        await server.CreateAsync("""{"id":"b"}""");
        HashSet<uint> users = [server.RecordOf("a").UserId, server.RecordOf("b").UserId];
        await server.Client.DeleteAsync("v1/sandbox/b");

        // The next server continues with the following number and skips a directory that still exists.
        await server.KillAsync();
        Directory.CreateDirectory($"{server.Home}/state/boxes/3/workspace");
        File.WriteAllText($"{server.Home}/state/boxes/3/box.json", "damaged");
        await server.StartAsync();
        await server.CreateAsync("""{"id":"c"}""");
        Assert.True(users.Add(server.RecordOf("c").UserId));
        Assert.All(users, id => Assert.InRange(id, 2_000_000_000u, 2_147_000_000u));
        Assert.NotEqual(3, server.RecordOf("c").Number);

        // A directory without a readable record is left for the administrator.
        Assert.True(Directory.Exists($"{server.Home}/state/boxes/3"));
        Directory.Delete($"{server.Home}/state/boxes/3", recursive: true);
    }

    private static readonly string[] StateAndRuntime = ["state", "runtime"];

    [Fact]
    public async Task Without_SANDBOX_HOME_the_XDG_directories_are_used()
    {
        await using TestServer server = TestServer.Prepare(ServerUser.Ordinary);
        foreach (string name in StateAndRuntime)
        {
            Directory.CreateDirectory($"{server.Home}/{name}");
            if (TestMachine.IsRoot)
            {
                FileSystem.SetOwner($"{server.Home}/{name}", TestMachine.IdOf(ServerUser.Ordinary));
            }
        }

        server.Environment["SANDBOX_HOME"] = null;
        server.Environment["XDG_STATE_HOME"] = $"{server.Home}/state";
        server.Environment["XDG_RUNTIME_DIR"] = $"{server.Home}/runtime";
        ReadyMessage ready = await server.StartAsync();
        ProcessEntry process = ProcessTable.Find(ready.ProcessId)!.Value;
        try
        {
            Assert.Equal(($"unix:{server.Home}/runtime/sandbox/server.sock", $"{server.Home}/state/sandbox/server.log"), (ready.Uri, ready.Log));

            // Another shell may have no runtime directory: it finds the same server.
            server.Environment["XDG_RUNTIME_DIR"] = null;
            Assert.Equal(ready with { Started = false }, await server.StartAsync());
        }
        finally
        {
            using HttpClient client = TestServer.CreateClient(ready.Uri["unix:".Length..]);
            await client.PostAsync("v1/server/leave", null);
            await TestServer.WaitUntilExitedAsync(process);
            Directory.Delete($"{server.Home}/state", recursive: true);
        }
    }

    [Fact]
    public Task Home_that_is_not_a_directory_is_refused() => AssertRefusedAsync("is not a directory", ServerUser.Ordinary, home =>
    {
        Directory.Delete(home);
        File.WriteAllText(home, "");
    });

    [Fact]
    public Task Home_that_is_a_link_is_refused() => AssertRefusedAsync("is not a directory", ServerUser.Ordinary, home =>
    {
        Directory.Delete(home);
        Directory.CreateSymbolicLink(home, "/tmp");
    });

    [Fact]
    public Task Home_writable_by_others_is_refused() => AssertRefusedAsync("can be written to by others", ServerUser.Ordinary,
        home => File.SetUnixFileMode(home, (UnixFileMode)0x1ff));

    [Fact]
    public Task Home_of_another_user_is_refused() => AssertRefusedAsync("belongs to user", ServerUser.Root, home => FileSystem.SetOwner(home, 12345));

    [Fact]
    public Task Home_of_root_that_sandboxes_cannot_traverse_is_refused() => AssertRefusedAsync("cannot pass through", ServerUser.Root,
        home => File.SetUnixFileMode(home, (UnixFileMode)0x1c0));

    [Fact]
    public Task Home_path_too_long_for_sockets_is_refused() =>
        AssertRefusedAsync("SANDBOX_HOME to a shorter path", ServerUser.Ordinary, _ => { }, "/" + new string('x', 90));

    [Fact]
    public async Task Relative_home_is_refused()
    {
        ProcessResult run = await SandboxdProgram.RunAsync(
            TestMachine.Programs, TestMachine.IdOf(ServerUser.Ordinary), new Dictionary<string, string?> { ["SANDBOX_HOME"] = "here" }, "start");
        Assert.Equal(1, run.ExitCode);
        Assert.Contains("not a full path", run.Error, StringComparison.Ordinal);
    }

    private static async Task AssertParentRefusedAsync(string parent, string reason)
    {
        ProcessResult run = await StartInAsync($"{parent}/below/home");
        Assert.Equal(1, run.ExitCode);
        Assert.StartsWith($"'{parent}' {reason}", JsonSerializer.Deserialize(run.Error, ProtocolJson.Default.ErrorBody)!.Error, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFileSystemEntries(parent));
    }

    private static Task<ProcessResult> StartInAsync(string home) =>
        SandboxdProgram.RunAsync(TestMachine.Programs, TestMachine.IdOf(ServerUser.Root), new Dictionary<string, string?> { ["SANDBOX_HOME"] = home }, "start");

    private static async Task<string> RunAsAsync(string user, string program)
    {
        // Through a shell: setpriv itself still has root's capabilities when it looks for the program.
        using Process process = Process.Start(new ProcessStartInfo(
            "setpriv", ["--reuid", user, "--regid", "nogroup", "--clear-groups", "--", "sh", "-c", program])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        Task<string> errors = process.StandardError.ReadToEndAsync();
        return await process.StandardOutput.ReadToEndAsync() + await errors;
    }

    private static async Task AssertRefusedAsync(string reason, ServerUser user, Action<string> spoil, string below = "")
    {
        TestMachine.Require(user);
        string home = TestMachine.NewDirectory(TestMachine.IdOf(user));
        try
        {
            spoil(home);
            ProcessResult run = await SandboxdProgram.RunAsync(
                TestMachine.Programs, TestMachine.IdOf(user), new Dictionary<string, string?> { ["SANDBOX_HOME"] = home + below }, "start");
            Assert.Equal(1, run.ExitCode);
            Assert.Empty(run.Output);
            ErrorBody error = JsonSerializer.Deserialize(run.Error, ProtocolJson.Default.ErrorBody)!;
            Assert.Contains(reason, error.Error, StringComparison.Ordinal);
            Assert.Contains(home, error.Error, StringComparison.Ordinal);
        }
        finally
        {
            if (Directory.Exists(home) && new DirectoryInfo(home).LinkTarget is null)
            {
                Directory.Delete(home, recursive: true);
            }
            else
            {
                File.Delete(home);
            }
        }
    }
}
