using System.Net;
using Sandbox.Linux;
using Sandbox.Server.Engines.Bubblewrap;

namespace Sandbox.Server.Tests;

/// <summary>Removal of sandboxes with any files and processes.</summary>
public sealed class SandboxRemovalTests
{
    // Names that are not UTF-8, paths longer than PATH_MAX, directories without permissions, links to outside, and a FIFO.
    private const string HostileTree = """
        set -e
        mkdir closed && touch closed/file && mkdir closed/inner && touch closed/inner/file && chmod 000 closed/inner closed
        mkdir sticky && touch sticky/.removed-0 && chmod 1500 sticky
        mkdir .removed-0 .removed-1 && touch .removed-1/x
        printf x >"$(printf 'bad\377name')" && mkdir "$(printf 'bad\376dir')" && touch "$(printf 'bad\376dir/f\375')"
        ln -s / root-link && ln -s "$1" outside && mkfifo fifo && ln -s loop loop
        touch -- -rf '*' "$(printf 'a\nb')"
        perl -e 'for (1..3000) { mkdir "deep-directory-name"; chdir "deep-directory-name" or die $! } open(F, ">bottom") or die $!'
        for i in $(seq 5000); do : >many-$i; done
        chmod 000 .
        """;

    private const UnixFileMode Open = (UnixFileMode)0x1ed; // 0755

    [Theory]
    [InlineData(ServerUser.Root)]
    [InlineData(ServerUser.Ordinary)]
    public async Task Removal_handles_hostile_trees_and_does_not_follow_links(ServerUser user)
    {
        await using TestServer server = await TestServer.StartAsync(user);
        string outside = $"{server.Home}/outside";
        Directory.CreateDirectory(outside);
        File.WriteAllText($"{outside}/file", "kept");
        if (TestMachine.IsRoot)
        {
            FileSystem.SetOwner(outside, TestMachine.IdOf(user));
            FileSystem.SetOwner($"{outside}/file", TestMachine.IdOf(user));
        }

        await server.CreateAsync("""{"id":"n"}""");
        ProcessResult made = await server.ExecAsync("n", $"set -- {outside}\n{HostileTree}");
        Assert.True(made.ExitCode == 0, made.Error);
        string box = server.SandboxDirectory("n");
        BubblewrapProcess process = server.RecordOf("n").Process!;
        using HttpResponseMessage answer = await server.Client.DeleteAsync("v1/sandbox/n");
        Assert.True(answer.StatusCode == HttpStatusCode.NoContent, await answer.Content.ReadAsStringAsync());
        Assert.False(Directory.Exists(box));
        Assert.False(ProcessReaper.IsRunning(process));
        Assert.Equal("kept", File.ReadAllText($"{outside}/file"));
        Assert.Empty(Directory.GetFileSystemEntries($"{server.Home}/run/boxes"));
    }

    [Fact]
    public async Task Removal_ends_processes_that_ignore_signals_or_keep_forking()
    {
        await using TestServer server = await TestServer.StartAsync(ServerUser.Root);
        await server.CreateAsync("""{"id":"f"}""");
        await server.ExecAsync("f", "for i in 1 2 3; do (trap '' TERM INT HUP; while :; do setsid sleep 0.01; done) & done >/dev/null 2>&1; disown -a");
        BubblewrapProcess process = server.RecordOf("f").Process!;
        Assert.NotEmpty(ProcessesOf(server));
        using HttpResponseMessage answer = await server.Client.DeleteAsync("v1/sandbox/f");
        Assert.Equal(HttpStatusCode.NoContent, answer.StatusCode);
        await TestServer.WaitUntilExitedAsync(process.MonitorId, process.MonitorStart);
        Assert.Empty(ProcessesOf(server));
    }

    [Fact]
    public void Removal_of_a_link_does_not_change_the_directory_it_leads_to()
    {
        string top = TestMachine.NewDirectory(CurrentProcess.EffectiveUserId);
        try
        {
            Directory.CreateDirectory($"{top}/outside", Open);
            File.CreateSymbolicLink($"{top}/link", $"{top}/outside");
            Assert.ThrowsAny<System.ComponentModel.Win32Exception>(() => FileTree.Remove($"{top}/link"));
            Assert.Equal(Open, File.GetUnixFileMode($"{top}/outside"));
        }
        finally
        {
            Directory.Delete(top, recursive: true);
        }
    }

    /// <summary>Returns the processes that have a sandbox of this server mounted.</summary>
    private static int[] ProcessesOf(TestServer server) =>
        [.. ProcessTable.All().Where(entry => entry.IsAlive
            && MountsOf(entry.Id).Contains($"{Path.GetFileName(server.Home)}/state/boxes/", StringComparison.Ordinal)).Select(entry => entry.Id)];

    private static string MountsOf(int process)
    {
        try
        {
            return File.ReadAllText($"/proc/{process}/mountinfo");
        }
        catch (IOException)
        {
            // It has exited.
            return "";
        }
    }
}
