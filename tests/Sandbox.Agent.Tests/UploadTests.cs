using System.Globalization;
using System.IO.Pipelines;
using System.Net;
using System.Security.Cryptography;
using Sandbox.Client;
using Sandbox.Linux;
using Sandbox.Protocol;

namespace Sandbox.Agent.Tests;

/// <summary>Writes that are interrupted or fail.</summary>
public sealed class UploadTests(AgentFixture agent) : IClassFixture<AgentFixture>
{
    private static readonly byte[] Sent = RandomNumberGenerator.GetBytes(1_000_000);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Interrupted_write_keeps_the_old_file_and_leaves_no_temporary_file()
    {
        string directory = agent.NewDirectory();
        await File.WriteAllTextAsync(directory + "/f", "old", Cancel);
        await InterruptAsync(directory, "");
        await Wait.UntilAsync(() => Directory.GetFileSystemEntries(directory).Length == 1, "the unfinished file is removed");
        Assert.Equal("old", await File.ReadAllTextAsync(directory + "/f", Cancel));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Interrupted_write_with_an_id_leaves_nothing_where_it_can_be_seen_or_archived(bool exists)
    {
        string directory = agent.NewDirectory();
        if (exists)
        {
            await File.WriteAllTextAsync(directory + "/f", "old", Cancel);
        }

        await InterruptAsync(directory, "&upload=left" + exists);
        using HttpResponseMessage head = await agent.Http.SendAsync(
            new HttpRequestMessage(HttpMethod.Head, $"file?path={directory}/f&upload=left{exists}"), Cancel);
        Assert.Equal(HttpStatusCode.OK, head.StatusCode);
        Assert.Equal(exists ? ["f"] : [], Directory.EnumerateFileSystemEntries(directory).Select(Path.GetFileName));
    }

    [Fact]
    public async Task Unfinished_tree_is_in_no_archive_and_no_copy()
    {
        string directory = agent.NewDirectory();
        await File.WriteAllTextAsync(directory + "/f", "x", Cancel);
        Pipe body = new();
        Task<HttpResponseMessage> unfinished = agent.Http.PostAsync("hydrate?path=" + directory, new StreamContent(body.Reader.AsStream()), Cancel);
        await body.Writer.WriteAsync(Sent.AsMemory(0, 100_000), Cancel);
        await Wait.UntilAsync(() => Directory.GetFileSystemEntries(directory).Length == 2, "the tree is being received");
        using HttpResponseMessage archive = await agent.Http.PostAsync("persist?path=" + directory, null, Cancel);
        string text = await archive.Content.ReadAsStringAsync(Cancel);
        Assert.DoesNotContain(".sandbox-", text);
        Assert.Contains("./f", text);
        using HttpResponseMessage copy = await agent.Http.PostAsync($"copy?path={directory}&destination={directory}2&recursive=true", null, Cancel);
        Assert.Equal(["f"], Directory.EnumerateFileSystemEntries(directory + "2").Select(Path.GetFileName));
        await body.Writer.CompleteAsync();
        Assert.Equal(ErrorCodes.InvalidArchive, await AgentFixture.ReadErrorCodeAsync(await unfinished));
        Assert.Equal(["f"], Directory.EnumerateFileSystemEntries(directory).Select(Path.GetFileName));
    }

    [Fact]
    public async Task Write_with_an_id_can_be_resumed()
    {
        string directory = agent.NewDirectory();
        await InterruptAsync(directory, "&upload=up1");
        string address = $"file?path={directory}/f&upload=up1";
        using HttpResponseMessage head = await agent.Http.SendAsync(new HttpRequestMessage(HttpMethod.Head, address), Cancel);
        long length = long.Parse(head.Headers.GetValues(FileHeaders.Size).Single(), CultureInfo.InvariantCulture);
        Assert.InRange(length, 1, Sent.Length);
        Assert.False(File.Exists(directory + "/f"));
        using HttpResponseMessage answer = await agent.Http.PutAsync(
            $"{address}&offset={length - 1}", new ByteArrayContent(Sent, (int)length - 1, Sent.Length - (int)length + 1), Cancel);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal(Sent, await File.ReadAllBytesAsync(directory + "/f", Cancel));
        Assert.Equal(["f"], Directory.EnumerateFileSystemEntries(directory).Select(Path.GetFileName));
        Assert.Equal(HttpStatusCode.NotFound, (await agent.Http.SendAsync(new HttpRequestMessage(HttpMethod.Head, address), Cancel)).StatusCode);
        Assert.Equal(HttpStatusCode.PreconditionFailed, (await agent.Http.PutAsync(address + "&offset=4", new ByteArrayContent([9]), Cancel)).StatusCode);
    }

    [Fact]
    public async Task Reader_sees_the_old_file_or_the_new_one()
    {
        string path = agent.NewDirectory() + "/f";
        SandboxClient client = new(ServerEndpoint.Parse("unix:" + agent.Socket));
        await WriteAsync('0');
        using CancellationTokenSource written = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        Task reading = Task.Run(async () =>
        {
            while (!written.IsCancellationRequested)
            {
                string content = await File.ReadAllTextAsync(path, Cancel);
                Assert.Equal(new string(content[0], 300_000), content);
            }
        }, Cancel);
        for (int i = 1; i < 50; i++)
        {
            await WriteAsync((char)('0' + (i % 10)));
        }

        await written.CancelAsync();
        await reading;

        async Task WriteAsync(char letter)
        {
            using MemoryStream content = new(System.Text.Encoding.ASCII.GetBytes(new string(letter, 300_000)));
            await client.Sandbox("test").Item(path).WriteAsync(content, new WriteOptions(), Cancel);
        }
    }

    [Fact]
    public async Task Concurrent_writes_with_one_precondition_succeed_once()
    {
        string path = agent.NewDirectory() + "/f";
        SandboxClient client = new(ServerEndpoint.Parse("unix:" + agent.Socket));
        string?[] codes = await Task.WhenAll(Enumerable.Range(0, 8).Select(async i =>
        {
            try
            {
                await client.Sandbox("test").Item(path).WriteAsync(new MemoryStream([(byte)i]), new WriteOptions { IsNew = true }, Cancel);
                return null;
            }
            catch (ApiException refused)
            {
                return refused.Code;
            }
        }));
        Assert.Single(codes, code => code is null);
        Assert.All(codes.Where(code => code is not null), code => Assert.Equal(ErrorCodes.PathExists, code));
    }

    // Announces a longer body than it sends, and disconnects when part of it has arrived.
    private async Task InterruptAsync(string directory, string query)
    {
        using System.Net.Sockets.Socket socket = new(
            System.Net.Sockets.AddressFamily.Unix, System.Net.Sockets.SocketType.Stream, System.Net.Sockets.ProtocolType.Unspecified);
        await socket.ConnectAsync(new System.Net.Sockets.UnixDomainSocketEndPoint(agent.Socket), Cancel);
        await socket.SendAsync(System.Text.Encoding.ASCII.GetBytes(
            $"PUT /v1/sandbox/test/file?path={directory}/f{query} HTTP/1.1\r\nHost: x\r\nContent-Length: {2 * Sent.Length}\r\n\r\n"), Cancel);
        await socket.SendAsync(Sent, Cancel);
        await Wait.UntilAsync(() => HasArrived(directory), "some of it has arrived");
    }

    // The agent of these tests is this process. What it receives is an open file without a name.
    private static bool HasArrived(string directory) => Directory.EnumerateFileSystemEntries("/proc/self/fd").Any(entry =>
        new FileInfo(entry).LinkTarget?.StartsWith(directory + "/#", StringComparison.Ordinal) == true
        && FileStatus.TryOf(new LinuxPath(System.Text.Encoding.ASCII.GetBytes(entry)), follow: true)?.Size > 0);
}
