using System.Formats.Tar;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Sandbox.Client;
using Sandbox.Protocol;

namespace Sandbox.Agent.Tests;

/// <summary>Export and import of directories as tar archives.</summary>
public sealed class ArchiveTests(AgentFixture agent) : IClassFixture<AgentFixture>
{
    private const string Box = "test";

    // What a round trip must keep: names, content, links, permissions, times to 100 nanoseconds (the resolution of .NET).
    private const string Fingerprint =
        "find . -printf '%p %y %m %l %T@\\0' | sed -z 's/...$//' | sort -z | tr '\\0' '|'; find . -type f -exec sha256sum -z {} + | sort -z | tr '\\0' '|'";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private SandboxClient Client => new(ServerEndpoint.Parse("unix:" + agent.Socket));

    [Fact]
    public async Task Archive_round_trip_keeps_names_links_permissions_and_times()
    {
        string from = agent.NewDirectory(), to = agent.NewDirectory() + "/new";
        CommandResult made = await agent.RunAsync(null, $$"""
            cd {{from}} && mkdir -p a/b 'with space' && printf 'x\n' > a/b/f && : > a/empty && head -c 3000000 /dev/urandom > big
            printf y > $'bad\xff\xfename' && ln -s $'to\xfe' link && ln -s nowhere dangling && ln -s . self && ln a/b/f hard && mkfifo pipe
            printf z > $'new\nline' && printf '%s' "$(printf 'n%.0s' {1..255})" > "$(printf 'n%.0s' {1..255})" &&
            chmod 711 a && chmod 400 a/b/f && chmod 555 a/b && touch -d '2001-02-03 04:05:06.789' a/b a/empty
            """);
        Assert.Equal(0, made.ExitCode);
        await CopyAsync(from, to);
        Assert.Equal(await PrintAsync(from), await PrintAsync(to));
        Assert.Equal("1", (await agent.RunAsync(null, $"cd {to} && [ hard -ef a/b/f ] && printf 1")).Output);

        // .NET cannot remove the name that is not UTF-8.
        await agent.RunAsync(null, $"rm -rf {from} {to}");
    }

    [Fact]
    public async Task Archives_are_interchangeable_with_tar()
    {
        string from = agent.NewDirectory(), to = agent.NewDirectory();
        await agent.RunAsync(null, $"cd {from} && mkdir d && echo one > d/f && ln -s d/f l && touch -d @1000000000 d/f d");
        using HttpResponseMessage persisted = await agent.Http.PostAsync("persist?path=" + from, null, Cancel);
        Assert.Equal("application/octet-stream", persisted.Content.Headers.ContentType!.MediaType);
        await File.WriteAllBytesAsync(to + ".tar", await persisted.Content.ReadAsByteArrayAsync(Cancel), Cancel);
        Assert.Equal("./\n./d/\n./d/f\n./l\n", (await agent.RunAsync(null, $"tar tf {to}.tar && tar xf {to}.tar -C {to}")).Output);
        await agent.RunAsync(null, $"cd {to} && tar czf - . | gunzip > {to}.tar && rm -rf d l");
        using HttpResponseMessage hydrated = await agent.Http.PostAsync("hydrate?path=" + to, new StreamContent(File.OpenRead(to + ".tar")), Cancel);
        Assert.Equal("{\"ok\":true}", await hydrated.Content.ReadAsStringAsync(Cancel));
        Assert.Equal(await PrintAsync(from + "/d"), await PrintAsync(to + "/d"));
        Assert.Equal("d/f", new FileInfo(to + "/l").LinkTarget);
    }

    [Fact]
    public async Task Excludes_match_a_name_at_any_depth_or_a_path_from_the_root()
    {
        string from = agent.NewDirectory(), to = agent.NewDirectory() + "/new";
        await agent.RunAsync(null, $"cd {from} && mkdir -p node_modules/x a/node_modules a/b && touch a/1.log a/b/2.log a/b/keep b.log");
        await CopyAsync(from, to, "node_modules", "a/*.log", "b.log");
        Assert.Equal(".\n./a\n./a/b\n./a/b/2.log\n./a/b/keep\n", (await agent.RunAsync(null, $"cd {to} && find . | sort")).Output);
        using HttpResponseMessage bridge = await agent.Http.PostAsync($"persist?path={from}&excludes=a,b.log", null, Cancel);
        Assert.Equal(["./", "./node_modules/", "./node_modules/x/"], await NamesAsync(bridge));
        await AssertRefusedAsync(agent.Http.PostAsync("persist?excludes=../x", null, Cancel), ErrorCodes.InvalidRequest);
    }

    [Fact]
    public async Task Excludes_are_rules_of_gitignore_and_those_that_matched_nothing_are_named()
    {
        string from = agent.NewDirectory();
        await agent.RunAsync(null, $"cd {from} && mkdir -p src/sub keep && touch .env src/.env src/sub/.env src/secret.txt keep/a.log src/b.log");
        using HttpResponseMessage answer = await agent.Http.PostAsync(
            $"persist?path={from}&exclude=**/.env&exclude=src%5csecret.txt&exclude=*.log&exclude=!keep/*.log&exclude=SRC", null, Cancel);
        Assert.Equal("1,4", Assert.Single(answer.Headers.GetValues(ArchiveHeaders.Unmatched)));
        Assert.Equal(["./", "./keep/", "./keep/a.log", "./src/", "./src/secret.txt", "./src/sub/"], await NamesAsync(answer));
    }

    [Theory]
    [InlineData("directory", "./ ./secret.txt ./src/")]
    [InlineData("parent", "./ ./src/ ./src/secret.txt")]
    [InlineData("either", "./ ./src/")]
    public async Task Excluded_path_starts_at_the_given_root(string root, string expected)
    {
        string from = agent.NewDirectory() + "/src";
        await agent.RunAsync(null, $"mkdir -p {from}/src && touch {from}/secret.txt {from}/src/secret.txt");
        using HttpResponseMessage answer = await agent.Http.PostAsync($"persist?path={from}&exclude=src/secret.txt&root={root}", null, Cancel);
        Assert.Equal(expected, string.Join(' ', await NamesAsync(answer)));
        using HttpResponseMessage list = await agent.Http.GetAsync($"directory?path={from}&recursive=true&exclude=src/secret.txt&root={root}", Cancel);
        string[] lines = (await list.Content.ReadAsStringAsync(Cancel)).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(expected.Split(' ').Length - 1, lines.Length);
        await AssertRefusedAsync(agent.Http.PostAsync($"persist?path={from}&root=nowhere", null, Cancel), ErrorCodes.InvalidRequest);
    }

    [Fact]
    public async Task Sockets_that_are_left_out_are_named()
    {
        string from = agent.NewDirectory();
        using Socket one = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        one.Bind(new UnixDomainSocketEndPoint(from + "/a b"));
        await agent.RunAsync(null, $"mkdir {from}/d && touch {from}/f && mv '{from}/a b' {from}/d/");
        using HttpResponseMessage answer = await agent.Http.PostAsync("persist?path=" + from, null, Cancel);
        Assert.Equal("d/a%20b", Assert.Single(answer.Headers.GetValues(ArchiveHeaders.Sockets)));
        Assert.Equal(["./", "./d/", "./f"], await NamesAsync(answer));
        using HttpResponseMessage without = await agent.Http.PostAsync($"persist?path={from}&exclude=d", null, Cancel);
        Assert.False(without.Headers.Contains(ArchiveHeaders.Sockets));
    }

    [Fact]
    public async Task Many_sockets_do_not_make_the_headers_long()
    {
        string from = agent.NewDirectory();
        foreach (int number in Enumerable.Range(0, 600))
        {
            // Closing the socket would remove a file of the same name.
            using Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            socket.Bind(new UnixDomainSocketEndPoint($"{from}/bound"));
            File.Move($"{from}/bound", $"{from}/socket{number:d3}");
        }

        using HttpResponseMessage answer = await agent.Http.PostAsync("persist?path=" + from, null, Cancel);
        string names = Assert.Single(answer.Headers.GetValues(ArchiveHeaders.Sockets));
        Assert.StartsWith("socket000,socket001,", names);
        Assert.EndsWith(",...", names);
        Assert.InRange(names.Length, 3000, 5000);
    }

    [Theory]
    [InlineData("--format=posix --sparse-version=1.0", true)]
    [InlineData("--format=posix --sparse-version=0.1", true)]
    [InlineData("--format=posix --sparse-version=0.0", false)]
    [InlineData("--format=gnu", false)]
    public async Task Files_with_holes_from_tar_are_restored_or_refused_as_a_whole(string form, bool isRestored)
    {
        string from = agent.NewDirectory(), to = agent.NewDirectory(), tar = agent.NewDirectory() + "/t.tar";
        await MakeSparseAsync(from);
        await agent.RunAsync(null, $"tar --sparse {form} -C {from} -cf {tar} .");
        using HttpResponseMessage answer = await HydrateAsync(to, await File.ReadAllBytesAsync(tar, Cancel));
        if (isRestored)
        {
            Assert.Equal("{\"ok\":true}", await answer.Content.ReadAsStringAsync(Cancel));
            Assert.Equal(await SparseFilesAsync(from), await SparseFilesAsync(to));
        }
        else
        {
            Assert.Equal(ErrorCodes.InvalidArchive, await AgentFixture.ReadErrorCodeAsync(answer));
            Assert.Empty(Directory.EnumerateFileSystemEntries(to));
        }
    }

    [Fact]
    public async Task Files_with_holes_keep_them_in_an_archive_that_tar_understands()
    {
        string from = agent.NewDirectory(), to = agent.NewDirectory(), byTar = agent.NewDirectory(), plain = agent.NewDirectory();
        await MakeSparseAsync(from);
        using HttpResponseMessage persisted = await agent.Http.PostAsync("persist?path=" + from, null, Cancel);
        byte[] archive = await persisted.Content.ReadAsByteArrayAsync(Cancel);
        Assert.InRange(archive.Length, 1, 1_000_000);
        using HttpResponseMessage answer = await HydrateAsync(to, archive);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        await File.WriteAllBytesAsync(byTar + ".tar", archive, Cancel);
        await agent.RunAsync(null, $"tar xf {byTar}.tar -C {byTar}");
        string expected = await SparseFilesAsync(from);
        Assert.Equal(expected, await SparseFilesAsync(to));
        Assert.Equal(expected, await SparseFilesAsync(byTar));
        using HttpResponseMessage full = await agent.Http.PostAsync($"persist?path={from}&sparse=false", null, Cancel);
        Assert.DoesNotContain(await NamesAsync(full), name => name.Contains("GNUSparse", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("1\n0\n8\n", 4)]
    [InlineData("1\n0\n4\n", 8)]
    [InlineData("2\n4\n2\n0\n2\n", 8)]
    [InlineData("2\n0\n3\n2\n1\n", 8)]
    [InlineData("1\n9223372036854775807\n4\n", 8)]
    [InlineData("9999999999\n", 8)]
    [InlineData("-1\n0\n4\n", 8)]
    [InlineData("x", 8)]
    public async Task Map_of_a_file_with_holes_that_is_wrong_is_refused(string map, long size)
    {
        string to = agent.NewDirectory();
        byte[] data = [.. Encoding.ASCII.GetBytes(map.PadRight(512, '\0')), .. "12345678"u8];
        Dictionary<string, string> records = new()
        {
            ["GNU.sparse.major"] = "1",
            ["GNU.sparse.minor"] = "0",
            ["GNU.sparse.name"] = "f",
            ["GNU.sparse.realsize"] = $"{size}",
        };
        byte[] archive = await TarAsync(
            new PaxTarEntry(TarEntryType.RegularFile, "before"),
            new PaxTarEntry(TarEntryType.RegularFile, "GNUSparseFile.0/f", records) { DataStream = new MemoryStream(data) });
        await AssertRefusedAsync(HydrateAsync(to, archive), ErrorCodes.InvalidArchive);
        Assert.Empty(Directory.EnumerateFileSystemEntries(to));
    }

    [Theory]
    [InlineData("../f")]
    [InlineData("/tmp/f")]
    public async Task Name_of_a_file_with_holes_that_leads_out_is_refused(string name)
    {
        Dictionary<string, string> records = new() { ["GNU.sparse.map"] = "0,1", ["GNU.sparse.size"] = "1", ["GNU.sparse.name"] = name };
        byte[] archive = await TarAsync(
            new PaxTarEntry(TarEntryType.RegularFile, "GNUSparseFile.0/f", records) { DataStream = new MemoryStream("x"u8.ToArray()) });
        await AssertRefusedAsync(HydrateAsync(agent.NewDirectory(), archive), ErrorCodes.InvalidArchive);
    }

    [Theory]
    [InlineData("../out")]
    [InlineData("a/../../out")]
    [InlineData("/tmp/out")]
    [InlineData("through/out")]
    public async Task Entry_outside_the_destination_is_refused_and_changes_nothing(string name)
    {
        string parent = agent.NewDirectory(), to = Directory.CreateDirectory(parent + "/to").FullName;
        await File.WriteAllTextAsync(to + "/kept", "old", Cancel);
        byte[] archive = await TarAsync(
            new PaxTarEntry(TarEntryType.RegularFile, "kept") { DataStream = new MemoryStream("new"u8.ToArray()) },
            new PaxTarEntry(TarEntryType.SymbolicLink, "through") { LinkName = ".." },
            new PaxTarEntry(TarEntryType.RegularFile, name) { DataStream = new MemoryStream("evil"u8.ToArray()) });
        await AssertRefusedAsync(HydrateAsync(to, archive), ErrorCodes.InvalidArchive);
        Assert.Equal("old", await File.ReadAllTextAsync(to + "/kept", Cancel));
        Assert.Equal(["kept"], Directory.EnumerateFileSystemEntries(to).Select(Path.GetFileName));
        Assert.Equal(["to"], Directory.EnumerateFileSystemEntries(parent).Select(Path.GetFileName));
    }

    [Fact]
    public async Task Hard_link_to_outside_and_device_are_refused()
    {
        string to = agent.NewDirectory();
        await AssertRefusedAsync(
            HydrateAsync(to, await TarAsync(new PaxTarEntry(TarEntryType.HardLink, "x") { LinkName = "../../etc/passwd" })), ErrorCodes.InvalidArchive);
        await AssertRefusedAsync(HydrateAsync(to, await TarAsync(new PaxTarEntry(TarEntryType.CharacterDevice, "x") { DeviceMajor = 1, DeviceMinor = 5 })),
            ErrorCodes.InvalidArchive);
        Assert.Empty(Directory.EnumerateFileSystemEntries(to));
    }

    [Fact]
    public async Task Damaged_truncated_or_empty_archive_changes_nothing()
    {
        string to = agent.NewDirectory();
        await File.WriteAllTextAsync(to + "/f", "old", Cancel);
        byte[] archive = await TarAsync(
            new PaxTarEntry(TarEntryType.RegularFile, "f") { DataStream = new MemoryStream("new"u8.ToArray()) },
            new PaxTarEntry(TarEntryType.RegularFile, "g") { DataStream = new MemoryStream(new byte[100_000]) });
        await AssertRefusedAsync(HydrateAsync(to, archive[..50_000]), ErrorCodes.InvalidArchive);
        await AssertRefusedAsync(HydrateAsync(to, Encoding.UTF8.GetBytes(new string('x', 10_000))), ErrorCodes.InvalidArchive);
        await AssertRefusedAsync(HydrateAsync(to, []), ErrorCodes.InvalidRequest);
        Assert.Equal("old", await File.ReadAllTextAsync(to + "/f", Cancel));
        Assert.Equal(["f"], Directory.EnumerateFileSystemEntries(to).Select(Path.GetFileName));
    }

    [Fact]
    public async Task Import_merges_into_or_replaces_the_destination()
    {
        string to = agent.NewDirectory();
        await agent.RunAsync(null, $"cd {to} && mkdir d && echo old > d/f && echo old > d/g && echo old > h");
        byte[] archive = await TarAsync(
            new PaxTarEntry(TarEntryType.Directory, "d"),
            new PaxTarEntry(TarEntryType.RegularFile, "d/f") { DataStream = new MemoryStream("new\n"u8.ToArray()) });
        Assert.True((await HydrateAsync(to, archive)).IsSuccessStatusCode);
        Assert.Equal("d/f:new d/g:old h:old", await ShowAsync());
        await AssertRefusedAsync(HydrateAsync(
            to, await TarAsync(new PaxTarEntry(TarEntryType.RegularFile, "h2"), new PaxTarEntry(TarEntryType.RegularFile, "d"))), ErrorCodes.IsADirectory);
        await AssertRefusedAsync(HydrateAsync(
            to, await TarAsync(new PaxTarEntry(TarEntryType.RegularFile, "h2"), new PaxTarEntry(TarEntryType.Directory, "h"))), ErrorCodes.NotADirectory);
        Assert.Equal("d/f:new d/g:old h:old", await ShowAsync());
        Assert.True((await agent.Http.PostAsync($"hydrate?replace=true&path={to}", new ByteArrayContent(archive), Cancel)).IsSuccessStatusCode);
        Assert.Equal("d/f:new", await ShowAsync());

        async Task<string> ShowAsync() => (await agent.RunAsync(
            null, $"cd {to} && find . -type f -printf '%P\\n' | sort | while read f; do printf '%s:%s ' $f $(cat $f); done")).Output.Trim();
    }

    [Fact]
    public async Task Default_path_is_the_workspace_as_in_Cloudflares_bridge()
    {
        await using AgentFixture own = await AgentFixture.NewAsync();
        await File.WriteAllTextAsync(own.Workspace + "/at-the-top", "x", Cancel);
        using HttpResponseMessage persisted = await own.Http.PostAsync("persist", null, Cancel);
        using TarReader tar = new(await persisted.Content.ReadAsStreamAsync(Cancel));
        List<string> names = [];
        while (await tar.GetNextEntryAsync(cancellationToken: Cancel) is { } entry)
        {
            names.Add(entry.Name);
        }

        Assert.Contains("./at-the-top", names);
        using HttpResponseMessage hydrated = await own.Http.PostAsync(
            "hydrate", new ByteArrayContent(
                await TarAsync(new PaxTarEntry(TarEntryType.Directory, "./"), new PaxTarEntry(TarEntryType.RegularFile, "./hyd.txt"))), Cancel);
        Assert.True(hydrated.IsSuccessStatusCode);
        Assert.True(File.Exists(own.Workspace + "/hyd.txt"));
        Assert.True(File.Exists(own.Workspace + "/at-the-top"));
    }

    private async Task CopyAsync(string from, string to, params string[] excludes)
    {
        await using Stream archive = await Client.Sandbox(Box).Item(from).OpenArchiveAsync(new ArchiveOptions { Excludes = excludes }, Cancel);
        await Client.Sandbox(Box).Item(to).RestoreArchiveAsync(replace: false, archive.CopyToAsync, Cancel);
    }

    // Holes at the beginning, in the middle and at the end; a file of holes alone; more parts than a block of the map has room for.
    private Task MakeSparseAsync(string directory) => agent.RunAsync(
        null,
        $"""
        cd {directory} && mkdir d && echo plain > plain && truncate -s 5M d/empty && touch d/nothing
        truncate -s 3M "d/a b" && printf one | dd of="d/a b" bs=1 seek=1000000 conv=notrunc status=none
        printf two | dd of="d/a b" bs=1 seek=2000000 conv=notrunc status=none; printf begin > begin && truncate -s 1M begin
        truncate -s 1M end && printf end >> end; for i in $(seq 0 60); do printf $i | dd of=many bs=1 seek=$((i * 65536)) conv=notrunc status=none; done
        """);

    // Whether a file has holes depends on the file system, how many does too.
    private async Task<string> SparseFilesAsync(string directory) => (await agent.RunAsync(
        null,
        $$"""
        cd {{directory}} && find . -type f -printf '%P %s ' -exec sh -c '[ $(stat -c %b "$1") -lt 3000 ] && sha256sum < "$1"' - {} \; | sort
        """)).Output;

    private static async Task<List<string>> NamesAsync(HttpResponseMessage answer)
    {
        using TarReader tar = new(await answer.Content.ReadAsStreamAsync(Cancel));
        List<string> names = [];
        while (await tar.GetNextEntryAsync(cancellationToken: Cancel) is { } entry)
        {
            names.Add(entry.Name);
        }

        return names;
    }

    private async Task<string> PrintAsync(string directory) => (await agent.RunAsync(null, $"cd {directory} && {Fingerprint}")).Output;

    private Task<HttpResponseMessage> HydrateAsync(string to, byte[] archive) =>
        agent.Http.PostAsync("hydrate?path=" + to, new ByteArrayContent(archive), Cancel);

    private static async Task<byte[]> TarAsync(params TarEntry[] entries)
    {
        MemoryStream archive = new();
        await using (TarWriter tar = new(archive, TarEntryFormat.Pax, leaveOpen: true))
        {
            foreach (TarEntry entry in entries)
            {
                await tar.WriteEntryAsync(entry, Cancel);
            }
        }

        return archive.ToArray();
    }

    private static async Task AssertRefusedAsync(Task<HttpResponseMessage> request, string code)
    {
        using HttpResponseMessage answer = await request;
        Assert.Equal((ErrorCodes.Find(code).Status, code),
            ((int)answer.StatusCode, JsonSerializer.Deserialize(await answer.Content.ReadAsStringAsync(Cancel), ProtocolJson.Default.ErrorBody)?.Code));
    }
}
