using System.Diagnostics;
using System.Text.Json;
using Sandbox.Linux;
using Sandbox.Protocol;

namespace Sandbox.Server.Tests;

/// <summary>Where the server keeps things, and where it refuses to.</summary>
public sealed class HomeTests
{
    [Theory]
    [InlineData(ServerUser.Root)]
    [InlineData(ServerUser.Ordinary)]
    public async Task A_home_is_private_but_for_what_sandboxes_must_pass_through(ServerUser user)
    {
        await using TestServer server = await TestServer.StartAsync(user);
        await server.CreateAsync("""{"id":"a"}""");
        string box = server.BoxDirectory("a");
        string passable = user == ServerUser.Root ? "711" : "700";
        Assert.Equal(
            [passable, passable, user == ServerUser.Root ? "710" : "700", "700", "700", "700", "700", "700", "600", "600", "600", "600"],
            new[]
            {
                $"{server.Home}/state", $"{server.Home}/state/boxes", box, $"{box}/workspace", $"{box}/home", $"{box}/state",
                $"{server.Home}/run", $"{server.Home}/run/boxes", $"{box}/box.json", $"{box}/agent.log",
                $"{server.Home}/state/server.lock", $"{server.Home}/state/server.log",
            }.Select(path => Convert.ToString((int)FileOwner.Of(path).Permissions, 8)));
        uint sandbox = server.RecordOf("a").UserId;
        Assert.Equal(user == ServerUser.Root, sandbox != Host.IdOf(user));
        Assert.Equal((sandbox, Host.IdOf(user)), (FileOwner.Of($"{box}/workspace").Owner, FileOwner.Of(box).Owner));
        Assert.Equal(sandbox, FileOwner.Of(box).Group);
    }

    [Fact]
    public async Task Other_users_cannot_run_a_set_user_id_program_of_a_sandbox()
    {
        await using TestServer server = await TestServer.StartAsync(ServerUser.Root);
        await server.CreateAsync("""{"id":"a"}""");
        await server.ExecAsync("a", "cp /usr/bin/id /workspace/id; chmod 6755 /workspace/id; chmod 755 /workspace");
        string program = $"{server.BoxDirectory("a")}/workspace/id";

        // Also in a sandbox of an earlier server, whose directory all users could pass through.
        await server.KillAsync();
        File.SetUnixFileMode(server.BoxDirectory("a"), (UnixFileMode)0x1c9 /* 0711 */);
        Assert.Contains("euid=", await RunAsAsync("nobody", program), StringComparison.Ordinal);
        await server.StartAsync();
        Assert.DoesNotContain("uid=", await RunAsAsync("nobody", program), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0x1ff, "can be written to by others")]
    [InlineData(0x1fd, "can be written to by others")]
    public async Task Home_below_a_directory_that_others_can_change_is_refused(int permissions, string reason)
    {
        Host.Require(ServerUser.Root);
        string parent = Host.NewDirectory(0);
        try
        {
            FileOwner.GiveToGroup(parent, Host.IdOf(ServerUser.Ordinary));
            File.SetUnixFileMode(parent, (UnixFileMode)permissions);
            await RefusesParentAsync(parent, reason);

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
        Host.Require(ServerUser.Root);
        string parent = Host.NewDirectory(Host.IdOf(ServerUser.Ordinary));
        try
        {
            await RefusesParentAsync(parent, "belongs to user");
        }
        finally
        {
            FileTree.Remove(parent);
        }
    }

    [Fact]
    public async Task Every_sandbox_of_a_root_server_has_a_user_of_its_own_that_is_not_given_again()
    {
        await using TestServer server = await TestServer.StartAsync(ServerUser.Root);
        await server.CreateAsync("""{"id":"a"}""");
        await server.CreateAsync("""{"id":"b"}""");
        HashSet<uint> users = [server.RecordOf("a").UserId, server.RecordOf("b").UserId];
        await server.Client.DeleteAsync("v1/sandbox/b");

        // Also the next server goes on where this one stopped, and passes over a directory that is still there.
        await server.KillAsync();
        Directory.CreateDirectory($"{server.Home}/state/boxes/3/workspace");
        File.WriteAllText($"{server.Home}/state/boxes/3/box.json", "damaged");
        await server.StartAsync();
        await server.CreateAsync("""{"id":"c"}""");
        Assert.True(users.Add(server.RecordOf("c").UserId));
        Assert.All(users, id => Assert.InRange(id, 2_000_000_000u, 2_147_000_000u));
        Assert.NotEqual(3, server.RecordOf("c").Number);

        // What nobody can read is a person's to look at, not the server's to remove.
        Assert.True(Directory.Exists($"{server.Home}/state/boxes/3"));
        Directory.Delete($"{server.Home}/state/boxes/3", recursive: true);
    }

    private static readonly string[] StateAndRuntime = ["state", "runtime"];

    [Fact]
    public async Task A_user_without_SANDBOX_HOME_uses_the_XDG_directories()
    {
        await using TestServer server = TestServer.Prepare(ServerUser.Ordinary);
        foreach (string name in StateAndRuntime)
        {
            Directory.CreateDirectory($"{server.Home}/{name}");
            if (Host.IsRoot)
            {
                FileOwner.Give($"{server.Home}/{name}", Host.IdOf(ServerUser.Ordinary));
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
            await TestServer.UntilGoneAsync(process);
            Directory.Delete($"{server.Home}/state", recursive: true);
        }
    }

    [Fact]
    public Task A_home_that_is_no_directory_is_refused() => RefusesAsync("is not a directory", ServerUser.Ordinary, home =>
    {
        Directory.Delete(home);
        File.WriteAllText(home, "");
    });

    [Fact]
    public Task A_home_that_is_a_link_is_refused() => RefusesAsync("is not a directory", ServerUser.Ordinary, home =>
    {
        Directory.Delete(home);
        Directory.CreateSymbolicLink(home, "/tmp");
    });

    [Fact]
    public Task A_home_that_others_can_write_to_is_refused() => RefusesAsync("can be written to by others", ServerUser.Ordinary,
        home => File.SetUnixFileMode(home, (UnixFileMode)0x1ff));

    [Fact]
    public Task A_home_of_another_user_is_refused() => RefusesAsync("belongs to user", ServerUser.Root, home => FileOwner.Give(home, 12345));

    [Fact]
    public Task A_home_of_roots_that_sandboxes_cannot_pass_through_is_refused() => RefusesAsync("cannot pass through", ServerUser.Root,
        home => File.SetUnixFileMode(home, (UnixFileMode)0x1c0));

    [Fact]
    public Task A_home_too_deep_for_sockets_is_refused() => RefusesAsync("SANDBOX_HOME to a shorter path", ServerUser.Ordinary, _ => { }, "/" + new string('x', 90));

    [Fact]
    public async Task A_relative_home_is_refused()
    {
        Finished run = await CommandLine.RunAsync(Host.Programs, Host.IdOf(ServerUser.Ordinary), new Dictionary<string, string?> { ["SANDBOX_HOME"] = "here" }, "start");
        Assert.Equal(1, run.ExitCode);
        Assert.Contains("not a full path", run.Error, StringComparison.Ordinal);
    }

    private static async Task RefusesParentAsync(string parent, string reason)
    {
        Finished run = await StartInAsync($"{parent}/below/home");
        Assert.Equal(1, run.ExitCode);
        Assert.Contains($"'{parent}' {reason}", run.Error, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFileSystemEntries(parent));
    }

    private static Task<Finished> StartInAsync(string home) =>
        CommandLine.RunAsync(Host.Programs, Host.IdOf(ServerUser.Root), new Dictionary<string, string?> { ["SANDBOX_HOME"] = home }, "start");

    private static async Task<string> RunAsAsync(string user, string program)
    {
        using Process process = Process.Start(new ProcessStartInfo("setpriv", ["--reuid", user, "--regid", "nogroup", "--clear-groups", "--", program])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        Task<string> errors = process.StandardError.ReadToEndAsync();
        return await process.StandardOutput.ReadToEndAsync() + await errors;
    }

    private static async Task RefusesAsync(string reason, ServerUser user, Action<string> spoil, string below = "")
    {
        Host.Require(user);
        string home = Host.NewDirectory(Host.IdOf(user));
        try
        {
            spoil(home);
            Finished run = await CommandLine.RunAsync(Host.Programs, Host.IdOf(user), new Dictionary<string, string?> { ["SANDBOX_HOME"] = home + below }, "start");
            Assert.Equal(1, run.ExitCode);
            Assert.Empty(run.Output);
            ErrorBody told = JsonSerializer.Deserialize(run.Error, ProtocolJson.Default.ErrorBody)!;
            Assert.Contains(reason, told.Error, StringComparison.Ordinal);
            Assert.Contains(home, told.Error, StringComparison.Ordinal);
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
