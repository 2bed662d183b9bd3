using System.Formats.Tar;
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
