using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Sandbox.Client;
using Sandbox.Protocol;

namespace Sandbox.Agent.Tests;

/// <summary>The file routes of the API, used by requests and by the client.</summary>
public sealed class FileTests(AgentFixture agent) : IClassFixture<AgentFixture>
{
    private const string Box = "test";

    // Any byte but NUL and '/': up to 255 bytes, not UTF-8, and characters special to shells, globs and URLs.
    public static TheoryData<byte[]> SpecialNames =>
    [
        .. new[] { "with space", "line\nbreak", "tab\there", "[b]*?", "emoji 🎉", "-rf", "100%25?#&+=", "back\\slash", "~", new string('x', 255) }
            .Select(Encoding.UTF8.GetBytes),
        new byte[] { 0x62, 0xff, 0xfe, 0x80, 0x2e },
    ];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private SandboxClient Client => new(ServerEndpoint.Parse("unix:" + agent.Socket));

    [Theory]
    [MemberData(nameof(SpecialNames))]
    public async Task Any_name_can_be_written_listed_read_copied_moved_and_removed(byte[] bytes)
    {
        string name = PathText.FromBytes(bytes);
        string directory = agent.NewDirectory();
        string path = $"{directory}/{name}";
        byte[] content = Encoding.UTF8.GetBytes("content of " + PathText.ToDisplay(name));
        await WriteAsync(path, content);
        FileEntry entry = Assert.Single(await ListAsync(directory));
        Assert.Equal(path, entry.ExactPath);
        Assert.Equal(content, await ReadAsync(entry.ExactPath));
        await Client.Sandbox(Box).Item(path).CopyAsync(directory + "/second", recursive: false, overwrite: false, Cancel);
        await Client.Sandbox(Box).Item(path).MoveAsync(directory + "/plain", overwrite: false, Cancel);
        Assert.Equal(content, await ReadAsync(directory + "/plain"));
        Assert.Equal(content, await ReadAsync(directory + "/second"));
        await Client.Sandbox(Box).Item(directory + "/plain").RemoveAsync(recursive: false, Cancel);
        await Client.Sandbox(Box).Item(directory + "/second").MoveAsync(path, overwrite: false, Cancel);
        await Client.Sandbox(Box).Item(path).RemoveAsync(recursive: false, Cancel);
        Assert.Empty(await ListAsync(directory));
    }

    [Fact]
    public async Task Bridge_route_takes_an_absolute_path_and_gives_the_recorded_responses()
    {
        string root = agent.Workspace.TrimStart('/');
        using HttpResponseMessage put = await agent.Http.PutAsync(
            $"file/{root}/bridge/n/m/sp%20ace%20%E2%98%83.txt", new ByteArrayContent("hello\n"u8.ToArray()), Cancel);
        Assert.Equal((HttpStatusCode.OK, "application/json"), (put.StatusCode, put.Content.Headers.ContentType!.MediaType));
        Assert.True(JsonDocument.Parse(await put.Content.ReadAsStringAsync(Cancel)).RootElement.GetProperty("ok").GetBoolean());
        using HttpResponseMessage get = await agent.Http.GetAsync($"file/{root}/bridge/n/m/sp%20ace%20%E2%98%83.txt", Cancel);
        Assert.Equal((HttpStatusCode.OK, "application/octet-stream", "hello\n"),
            (get.StatusCode, get.Content.Headers.ContentType!.MediaType, await get.Content.ReadAsStringAsync(Cancel)));
        using HttpResponseMessage empty = await agent.Http.PutAsync($"file/{root}/bridge/e.txt", new ByteArrayContent([]), Cancel);
        Assert.Equal(HttpStatusCode.OK, empty.StatusCode);
        Assert.Equal("", await agent.Http.GetStringAsync($"file/{root}/bridge/e.txt", Cancel));
        await AssertRefusedAsync(agent.Http.GetAsync($"file/{root}/bridge/none", Cancel), 404, ErrorCodes.PathNotFound);
        await AssertRefusedAsync(agent.Http.GetAsync($"file/{root}/bridge", Cancel), 400, ErrorCodes.IsADirectory);
        await AssertRefusedAsync(agent.Http.PutAsync($"file/{root}/bridge", new ByteArrayContent([1]), Cancel), 400, ErrorCodes.IsADirectory);
        await AssertRefusedAsync(agent.Http.PutAsync("file/", new ByteArrayContent([1]), Cancel), 400, ErrorCodes.InvalidRequest);
    }

    [Fact]
    public async Task Relative_path_starts_in_the_session_directory_and_does_not_queue()
    {
        string directory = agent.NewDirectory();
        string session = await agent.NewSessionAsync(new { cwd = directory });
        Gate gate = agent.NewGate();
        await agent.RunAsync(session, "mkdir -p deep/er && cd deep/er");
        using HttpResponseMessage busy = await agent.PostAsync("exec", new { command = gate.Await }, session);
        await Client.Sandbox(Box).Session(session).Item("../beside").WriteAsync(new MemoryStream("x"u8.ToArray()), new WriteOptions(), Cancel);
        Assert.Equal(directory + "/deep/beside", (await Client.Sandbox(Box).Session(session).Item("../beside").GetAsync(false, Cancel)).Path);

        // The command ends only now.
        gate.Open();
        Assert.Equal(0, (await AgentFixture.ReadAsync(busy)).ExitCode);
        ApiException unknown = await Assert.ThrowsAsync<ApiException>(() => Client.Sandbox(Box).Session("nosuch").Item("x").GetAsync(false, Cancel));
        Assert.Equal(ErrorCodes.SessionNotFound, unknown.Code);
    }

    [Fact]
    public async Task Range_is_read_by_offset_and_length_and_a_negative_offset_from_the_end()
    {
        string path = agent.NewDirectory() + "/f";
        await WriteAsync(path, "0123456789"u8.ToArray());
        Assert.Equal("345", await TextAsync(path, 3, 3));
        Assert.Equal("89", await TextAsync(path, -2, null));
        Assert.Equal("0123456789", await TextAsync(path, -100, null));
        Assert.Equal("", await TextAsync(path, 100, null));
        Assert.Equal("9", await TextAsync(path, 9, 100));
        using HttpResponseMessage head = await agent.Http.SendAsync(new HttpRequestMessage(HttpMethod.Head, "file?offset=4&path=" + path), Cancel);
        Assert.Equal((6L, "10"), (head.Content.Headers.ContentLength, head.Headers.GetValues(FileHeaders.Size).Single()));
        await AssertRefusedAsync(agent.Http.GetAsync($"file?path={path}&offset=x", Cancel), 400, ErrorCodes.InvalidRequest);
    }

    [Fact]
    public async Task Failed_precondition_writes_nothing()
    {
        string path = agent.NewDirectory() + "/f";
        FileWritten first = await Client.Sandbox(Box).Item(path).WriteAsync(new MemoryStream("one"u8.ToArray()), new WriteOptions { IsNew = true }, Cancel);
        FileWritten second = await Client.Sandbox(Box).Item(path).WriteAsync(
            new MemoryStream("two"u8.ToArray()), new WriteOptions { IfMatch = first.ETag }, Cancel);
        Assert.Equal(ErrorCodes.PreconditionFailed, await ReadErrorCodeAsync(
            () => Client.Sandbox(Box).Item(path).WriteAsync(new MemoryStream("three"u8.ToArray()), new WriteOptions { IfMatch = first.ETag }, Cancel)));
        Assert.Equal(ErrorCodes.PathExists, await ReadErrorCodeAsync(
            () => Client.Sandbox(Box).Item(path).WriteAsync(new MemoryStream("three"u8.ToArray()), new WriteOptions { IsNew = true }, Cancel)));
        Assert.Equal("two", await TextAsync(path));
        HttpRequestMessage unchanged = new(HttpMethod.Get, "file?path=" + path);
        unchanged.Headers.IfNoneMatch.Add(EntityTagHeaderValue.Parse(second.ETag));
        Assert.Equal(HttpStatusCode.NotModified, (await agent.Http.SendAsync(unchanged, Cancel)).StatusCode);
        Assert.Equal(["f"], Directory.EnumerateFileSystemEntries(Path.GetDirectoryName(path)!).Select(Path.GetFileName));
    }

    [Fact]
    public async Task Append_adds_at_the_end_and_a_write_keeps_or_sets_permissions()
    {
        string path = agent.NewDirectory() + "/f";
        await Client.Sandbox(Box).Item(path).WriteAsync(new MemoryStream("a"u8.ToArray()), new WriteOptions { Append = true, Mode = "0640" }, Cancel);
        await Client.Sandbox(Box).Item(path).WriteAsync(new MemoryStream("b"u8.ToArray()), new WriteOptions { Append = true }, Cancel);
        Assert.Equal("ab", await TextAsync(path));
        File.SetUnixFileMode(path, (UnixFileMode)Convert.ToInt32("751", 8));
        DateTimeOffset time = new(2001, 2, 3, 4, 5, 6, 789, TimeSpan.Zero);
        await Client.Sandbox(Box).Item(path).WriteAsync(new MemoryStream("c"u8.ToArray()), new WriteOptions { ModifiedAt = time }, Cancel);
        FileEntry entry = await Client.Sandbox(Box).Item(path).GetAsync(false, Cancel);
        Assert.Equal(("0751", time, 1L), (entry.Mode, entry.ModifiedAt, entry.Size));
        await Client.Sandbox(Box).Item(path).WriteAsync(new MemoryStream("d"u8.ToArray()), new WriteOptions { Mode = "0600" }, Cancel);
        Assert.Equal("0600", (await Client.Sandbox(Box).Item(path).GetAsync(false, Cancel)).Mode);
    }

    [Fact]
    public async Task Write_through_a_link_replaces_its_target_and_keeps_the_link()
    {
        string directory = agent.NewDirectory();
        File.CreateSymbolicLink(directory + "/link", "real");
        await WriteAsync(directory + "/link", "x"u8.ToArray());
        await WriteAsync(directory + "/link", "y"u8.ToArray());
        Assert.Equal("y", await File.ReadAllTextAsync(directory + "/real", Cancel));
        FileEntry entry = await Client.Sandbox(Box).Item(directory + "/link").GetAsync(false, Cancel);
        Assert.Equal((FileKind.Link, "real", FileKind.File), (entry.Type, entry.Target, entry.TargetType));
        Assert.Equal(FileKind.File, (await Client.Sandbox(Box).Item(directory + "/link").GetAsync(true, Cancel)).Type);
    }

    [Fact]
    public async Task Circular_and_dangling_links_are_listed_not_read_and_removable()
    {
        string directory = agent.NewDirectory();
        File.CreateSymbolicLink(directory + "/a", "b");
        File.CreateSymbolicLink(directory + "/b", "a");
        File.CreateSymbolicLink(directory + "/c", "nowhere");
        Directory.CreateSymbolicLink(directory + "/self", ".");
        Assert.Equal(["a", "b", "c", "self"], (await ListAsync(directory, new ListOptions { Recursive = true })).Select(entry => Path.GetFileName(entry.Path)));
        Assert.Equal(ErrorCodes.LinkLoop, await ReadErrorCodeAsync(() => ReadAsync(directory + "/a")));
        Assert.Equal(ErrorCodes.LinkLoop, await ReadErrorCodeAsync(() => WriteAsync(directory + "/a", [1])));
        Assert.Equal(ErrorCodes.PathNotFound, await ReadErrorCodeAsync(() => ReadAsync(directory + "/c")));
        foreach (string name in new[] { "a", "b", "c", "self" })
        {
            await Client.Sandbox(Box).Item($"{directory}/{name}").RemoveAsync(false, Cancel);
        }

        Assert.Empty(await ListAsync(directory));
    }

    [Fact]
    public async Task Pipes_sockets_and_devices_are_refused_without_blocking()
    {
        string directory = agent.NewDirectory();
        await agent.RunAsync(null, $"mkfifo {directory}/pipe");
        using System.Net.Sockets.Socket socket = new(
            System.Net.Sockets.AddressFamily.Unix, System.Net.Sockets.SocketType.Stream, System.Net.Sockets.ProtocolType.Unspecified);
        socket.Bind(new System.Net.Sockets.UnixDomainSocketEndPoint(directory + "/s"));
        foreach (string path in new[] { directory + "/pipe", directory + "/s", "/dev/zero" })
        {
            Assert.Equal(ErrorCodes.NotAFile, await ReadErrorCodeAsync(() => ReadAsync(path)));
            Assert.Equal(ErrorCodes.NotAFile, await ReadErrorCodeAsync(() => WriteAsync(path, [1])));
            Assert.Equal(ErrorCodes.NotAFile,
                await ReadErrorCodeAsync(() => Client.Sandbox(Box).Item(path).WriteAsync(new MemoryStream([1]), new WriteOptions { Append = true }, Cancel)));
            Assert.Equal(
                ErrorCodes.NotAFile, await ReadErrorCodeAsync(() => Client.Sandbox(Box).Item(path).CopyAsync(directory + "/copy", false, false, Cancel)));
        }
    }

    [Fact]
    public async Task Files_of_proc_are_read_completely_despite_their_size_of_zero() =>
        Assert.Contains("Name:", Encoding.UTF8.GetString(await ReadAsync("/proc/self/status")), StringComparison.Ordinal);

    [Fact]
    public async Task Listing_is_sorted_filtered_and_limited_in_depth()
    {
        string directory = agent.NewDirectory();
        foreach (string path in new[] { "b.txt", "a.txt", ".hidden", "sub/c.txt", "sub/deeper/d.txt", ".git/e.txt" })
        {
            await WriteAsync($"{directory}/{path}", [1]);
        }

        Assert.Equal([".git", ".hidden", "a.txt", "b.txt", "sub"], await NamesAsync(new ListOptions()));
        Assert.Equal(["a.txt", "b.txt", "sub"], await NamesAsync(new ListOptions { Hidden = false }));
        Assert.Equal(
            ["a.txt", "b.txt", "sub", "sub/c.txt", "sub/deeper", "sub/deeper/d.txt"], await NamesAsync(new ListOptions { Hidden = false, Recursive = true }));
        Assert.Equal(["a.txt", "b.txt", "sub", "sub/c.txt", "sub/deeper"], await NamesAsync(new ListOptions { Hidden = false, Depth = 1 }));
        Assert.Equal(
            [".git/e.txt", "a.txt", "b.txt", "sub/c.txt", "sub/deeper/d.txt"], await NamesAsync(new ListOptions { Recursive = true, Filter = "?.txt" }));
        Assert.Equal(ErrorCodes.NotADirectory, await ReadErrorCodeAsync(() => ListAsync(directory + "/a.txt")));
        Assert.Equal(ErrorCodes.PathNotFound, await ReadErrorCodeAsync(() => ListAsync(directory + "/none")));

        async Task<string[]> NamesAsync(ListOptions options) =>
            [.. (await ListAsync(directory, options)).Select(entry => Path.GetRelativePath(directory, entry.Path))];
    }

    [Fact]
    public async Task Directory_of_100_000_entries_is_listed()
    {
        string directory = agent.NewDirectory();
        await agent.RunAsync(null, $"cd {directory} && seq 1 100000 | xargs touch");
        int count = 0;
        await foreach (FileEntry entry in Client.Sandbox(Box).Item(directory).ListAsync(new ListOptions(), Cancel))
        {
            count += entry.Type == FileKind.File ? 1 : 0;
        }

        Assert.Equal(100_000, count);
        await Client.Sandbox(Box).Item(directory).RemoveAsync(recursive: true, Cancel);
        Assert.False(Directory.Exists(directory));
    }

    [Theory]
    [InlineData("*.txt", "a.txt", "b.txt")]
    [InlineData("[ab].tx?", "a.txt", "b.txt")]
    [InlineData("[!a].txt", "b.txt")]
    [InlineData("*", "a.txt", "b.txt", "c", "[x]")]
    [InlineData(".*", ".dot")]
    [InlineData("*/*.md", "c/d.md")]
    [InlineData("\\[x\\]", "[x]")]
    [InlineData("c", "c")]
    [InlineData("none*")]
    [InlineData("a.txt/*")]
    public async Task Wildcards_are_resolved_in_the_sandbox(string pattern, params string[] found)
    {
        string directory = agent.NewDirectory();
        foreach (string path in new[] { "a.txt", "b.txt", ".dot", "c/d.md", "[x]" })
        {
            await WriteAsync($"{directory}/{path}", [1]);
        }

        List<string> names = [];
        await foreach (FileEntry entry in Client.Sandbox(Box).Item($"{directory}/{pattern}").FindAsync(hidden: false, Cancel))
        {
            names.Add(Path.GetRelativePath(directory, entry.Path));
        }

        Assert.Equal(found.Order(StringComparer.Ordinal), names.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Move_and_copy_use_the_exact_destination_and_overwrite_on_request()
    {
        string directory = agent.NewDirectory();
        await WriteAsync(directory + "/a", "a"u8.ToArray());
        await WriteAsync(directory + "/b", "b"u8.ToArray());
        await WriteAsync(directory + "/full/x", "x"u8.ToArray());
        foreach (Func<string, string, bool, Task> change in new Func<string, string, bool, Task>[]
        {
            (from, to, overwrite) => Client.Sandbox(Box).Item(from).MoveAsync(to, overwrite, Cancel),
            (from, to, overwrite) => Client.Sandbox(Box).Item(from).CopyAsync(to, recursive: true, overwrite, Cancel),
        })
        {
            Assert.Equal(ErrorCodes.PathExists, await ReadErrorCodeAsync(() => change(directory + "/a", directory + "/b", false)));
            Assert.Equal(ErrorCodes.IsADirectory, await ReadErrorCodeAsync(() => change(directory + "/a", directory + "/full", true)));
            Assert.Equal(ErrorCodes.InvalidRequest, await ReadErrorCodeAsync(() => change(directory + "/full", directory + "/full/inside", false)));
            Assert.Equal(ErrorCodes.PathNotFound, await ReadErrorCodeAsync(() => change(directory + "/none", directory + "/n", false)));
        }

        Assert.Equal("b", await TextAsync(directory + "/b"));
        await Client.Sandbox(Box).Item(directory + "/a").CopyAsync(directory + "/b", false, overwrite: true, Cancel);
        Assert.Equal("a", await TextAsync(directory + "/b"));
        Assert.Equal(ErrorCodes.IsADirectory,
            await ReadErrorCodeAsync(() => Client.Sandbox(Box).Item(directory + "/full").CopyAsync(directory + "/copy", recursive: false, false, Cancel)));
        await Client.Sandbox(Box).Item(directory + "/full").CopyAsync(directory + "/copy", recursive: true, false, Cancel);
        Assert.Equal("x", await TextAsync(directory + "/copy/x"));
        Assert.Equal(
            ErrorCodes.DirectoryNotEmpty, await ReadErrorCodeAsync(() => Client.Sandbox(Box).Item(directory + "/full").RemoveAsync(recursive: false, Cancel)));
        Assert.Equal(["a", "b", "copy", "full"], Directory.EnumerateFileSystemEntries(directory).Select(Path.GetFileName).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Move_to_another_file_system_keeps_the_metadata()
    {
        string directory = agent.NewDirectory();
        string other = $"/dev/shm/{Path.GetFileName(directory)}";
        await agent.RunAsync(
            null, $"mkdir -p {directory}/t/u; echo x > {directory}/t/u/f; chmod 640 {directory}/t/u/f; ln -s u/f {directory}/t/l; " +
            $"touch -d @1000000000 {directory}/t/u/f {directory}/t/u");
        try
        {
            await Client.Sandbox(Box).Item(directory + "/t").MoveAsync(other, overwrite: false, Cancel);
            Assert.False(Directory.Exists(directory + "/t"));
            CommandResult shown = await agent.RunAsync(null, $"cd {other} && stat -c '%n %a %Y' u/f && stat -c '%n %Y' u && readlink l && cat l");
            Assert.Equal("u/f 640 1000000000\nu 1000000000\nu/f\nx\n", shown.Output);
        }
        finally
        {
            Directory.Delete(other, recursive: true);
        }
    }

    [Fact]
    public async Task Name_that_is_too_long_is_an_error()
    {
        string directory = agent.NewDirectory();
        Assert.Equal(ErrorCodes.NameTooLong, await ReadErrorCodeAsync(() => WriteAsync($"{directory}/{new string('x', 256)}", [1])));
        Assert.Equal(ErrorCodes.NameTooLong, await ReadErrorCodeAsync(() => ReadAsync("/" + string.Concat(Enumerable.Repeat("%ü/", 1500)))));
        Assert.Equal(ErrorCodes.InvalidRequest, await ReadErrorCodeAsync(() => agent.Http.GetAsync("file?path=a%00b", Cancel)));
        Assert.Equal(ErrorCodes.NotADirectory, await ReadErrorCodeAsync(() => ReadAsync("/etc/hostname/x")));
    }

    [Fact]
    public async Task Errors_name_the_path_that_the_request_named()
    {
        string directory = agent.NewDirectory();
        await WriteAsync(directory + "/full/f", [1]);
        await WriteAsync(directory + "/g", [1]);
        Assert.Equal(
            $"'{directory}/none' does not exist.",
            await MessageOfAsync(() => Client.Sandbox(Box).Item(directory + "/none").RemoveAsync(recursive: false, Cancel)));
        Assert.Equal(
            $"'{directory}/full' is a directory that is not empty.",
            await MessageOfAsync(() => Client.Sandbox(Box).Item(directory + "/full").RemoveAsync(recursive: false, Cancel)));
        Assert.Equal(
            $"'{directory}/none' does not exist.",
            await MessageOfAsync(() => Client.Sandbox(Box).Item(directory + "/none").MoveAsync(directory + "/g", overwrite: false, Cancel)));
        Assert.Equal(
            $"'{directory}/g' exists already.",
            await MessageOfAsync(() => Client.Sandbox(Box).Item(directory + "/full/f").MoveAsync(directory + "/g", overwrite: false, Cancel)));
        Assert.Equal($"'{directory}/g' is not a directory, or one of its parents is not.", await MessageOfAsync(() => ListAsync(directory + "/g")));
    }

    private static async Task<string> MessageOfAsync(Func<Task> action) => (await Assert.ThrowsAsync<ApiException>(action)).Message;

    private async Task WriteAsync(string path, byte[] content) =>
        await Client.Sandbox(Box).Item(path).WriteAsync(new MemoryStream(content), new WriteOptions { Parents = true }, Cancel);

    private async Task<byte[]> ReadAsync(string path, long offset = 0, long? length = null)
    {
        await using SandboxFileStream file = await Client.Sandbox(Box).Item(path).OpenAsync(offset, length, Cancel);
        MemoryStream content = new();
        await file.CopyToAsync(content, Cancel);
        return content.ToArray();
    }

    private async Task<string> TextAsync(string path, long offset = 0, long? length = null) => Encoding.UTF8.GetString(await ReadAsync(path, offset, length));

    private async Task<List<FileEntry>> ListAsync(string path, ListOptions? options = null)
    {
        List<FileEntry> entries = [];
        await foreach (FileEntry entry in Client.Sandbox(Box).Item(path).ListAsync(options ?? new ListOptions(), Cancel))
        {
            entries.Add(entry);
        }

        return entries;
    }

    private static async Task<string> ReadErrorCodeAsync(Func<Task> action) => (await Assert.ThrowsAsync<ApiException>(action)).Code;

    private static async Task<string> ReadErrorCodeAsync(Func<Task<HttpResponseMessage>> request) =>
        JsonSerializer.Deserialize(await (await request()).Content.ReadAsStringAsync(Cancel), ProtocolJson.Default.ErrorBody)!.Code;

    private static async Task AssertRefusedAsync(Task<HttpResponseMessage> request, int status, string code)
    {
        using HttpResponseMessage answer = await request;
        Assert.Equal((status, code),
            ((int)answer.StatusCode, JsonSerializer.Deserialize(await answer.Content.ReadAsStringAsync(Cancel), ProtocolJson.Default.ErrorBody)?.Code));
    }
}
