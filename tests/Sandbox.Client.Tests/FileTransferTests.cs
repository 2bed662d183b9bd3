using System.Globalization;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Http;
using Sandbox.Protocol;

namespace Sandbox.Client.Tests;

/// <summary>Transfers over connections that the server breaks.</summary>
public sealed class FileTransferTests
{
    private const string Version = "\"v1\"";

    // A break before the response headers were read is another case than a break in the body.
    private readonly TaskCompletionSource _opened = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private readonly byte[] _bytes = RandomNumberGenerator.GetBytes(1_000_000);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(null, null)]
    [InlineData("", null)]
    [InlineData("rw-r--r--", null)]
    [InlineData("0o644", null)]
    [InlineData("-1", null)]
    [InlineData("9", null)]
    [InlineData("37777777777", null)]
    [InlineData("644", 0x1a4)]
    [InlineData("0755", 0x1ed)]
    public void Malformed_mode_from_a_sandbox_is_none(string? header, int? mode) => Assert.Equal((UnixFileMode?)mode, LocalFile.ParseMode(header));

    [Fact]
    public async Task Download_resumes_after_a_break_and_requires_the_same_version()
    {
        List<(long Offset, string? Version)> asked = [];
        await using StubServer server = await StubServer.StartAsync(async context =>
        {
            long offset = long.Parse(context.Request.Query["offset"]!, CultureInfo.InvariantCulture);
            asked.Add((offset, context.Request.Headers.IfMatch));
            byte[] rest = _bytes[(int)offset..];
            Describe(context, rest.Length);
            if (asked.Count < 3)
            {
                await context.Response.Body.WriteAsync(rest.AsMemory(0, 300_000), Cancel);
                await BreakAsync(context);
                return;
            }

            await context.Response.Body.WriteAsync(rest, Cancel);
        });
        SandboxClient client = new(server.Endpoint);
        await using SandboxFileStream file = await client.Sandbox("box").Item("/f").OpenAsync(0, null, Cancel);
        _opened.SetResult();
        MemoryStream content = new();
        await file.CopyToAsync(content, Cancel);
        Assert.Equal(_bytes, content.ToArray());
        Assert.Equal(3, asked.Count);
        Assert.Equal((0L, ""), (asked[0].Offset, asked[0].Version ?? ""));
        Assert.All(asked.Skip(1), request => Assert.Equal(Version, request.Version));
        Assert.All(asked.Zip(asked.Skip(1)), pair => Assert.True(pair.First.Offset <= pair.Second.Offset && pair.Second.Offset > 0));
    }

    [Fact]
    public async Task Download_of_a_changed_file_is_an_error_and_never_a_mixture()
    {
        int requests = 0;
        await using StubServer server = await StubServer.StartAsync(async context =>
        {
            if (++requests > 1)
            {
                context.Response.StatusCode = 412;
                await context.Response.WriteAsJsonAsync(new { error = "changed", code = ErrorCodes.PreconditionFailed }, Cancel);
                return;
            }

            Describe(context, _bytes.Length);
            await context.Response.Body.WriteAsync(_bytes.AsMemory(0, 1000), Cancel);
            await BreakAsync(context);
        });
        await using SandboxFileStream file = await new SandboxClient(server.Endpoint).Sandbox("box").Item("/f").OpenAsync(0, null, Cancel);
        _opened.SetResult();
        ApiException failure = await Assert.ThrowsAsync<ApiException>(() => file.CopyToAsync(Stream.Null, Cancel));
        Assert.Equal(ErrorCodes.PreconditionFailed, failure.Code);
    }

    [Fact]
    public async Task Download_without_progress_ends_as_ConnectionLost()
    {
        await using StubServer server = await StubServer.StartAsync(async context =>
        {
            Describe(context, _bytes.Length);
            await BreakAsync(context);
        });
        SandboxClient client = new(server.Endpoint, limits: new() { Resume = TimeSpan.FromMilliseconds(300) });
        await using SandboxFileStream file = await client.Sandbox("box").Item("/f").OpenAsync(0, null, Cancel);
        _opened.SetResult();
        await Assert.ThrowsAsync<ConnectionLostException>(() => file.CopyToAsync(Stream.Null, Cancel));
    }

    [Fact]
    public async Task Upload_resumes_after_a_break_under_the_same_id()
    {
        MemoryStream received = new();
        HashSet<string> ids = [];
        int puts = 0;
        await using StubServer server = await StubServer.StartAsync(async context =>
        {
            ids.Add(context.Request.Query["upload"]!);
            if (HttpMethods.IsHead(context.Request.Method))
            {
                context.Response.Headers[FileHeaders.Size] = received.Length.ToString(CultureInfo.InvariantCulture);
                return;
            }

            received.SetLength(long.Parse(context.Request.Query["offset"]!, CultureInfo.InvariantCulture));
            received.Position = received.Length;
            if (++puts < 3)
            {
                byte[] part = new byte[300_000];
                await context.Request.Body.ReadExactlyAsync(part, Cancel);
                received.Write(part);
                context.Abort();
                return;
            }

            await context.Request.Body.CopyToAsync(received, Cancel);
            await context.Response.WriteAsJsonAsync(new { ok = true, size = received.Length, eTag = Version }, Cancel);
        });
        FileWritten written = await new SandboxClient(server.Endpoint).Sandbox("box").Item("/f")
            .WriteAsync(new MemoryStream(_bytes), new WriteOptions(), Cancel);
        Assert.Equal((_bytes.Length, 3), (written.Size, puts));
        Assert.Equal(_bytes, received.ToArray());
        Assert.Single(ids);
    }

    [Fact]
    public async Task Upload_that_the_sandbox_no_longer_has_starts_again()
    {
        MemoryStream received = new();
        int puts = 0;
        await using StubServer server = await StubServer.StartAsync(async context =>
        {
            if (HttpMethods.IsHead(context.Request.Method))
            {
                context.Response.StatusCode = 404;
                return;
            }

            Assert.Equal("0", context.Request.Query["offset"]);
            if (++puts == 1)
            {
                await context.Request.Body.ReadExactlyAsync(new byte[100_000], Cancel);
                context.Abort();
                return;
            }

            await context.Request.Body.CopyToAsync(received, Cancel);
            await context.Response.WriteAsJsonAsync(new { ok = true, size = received.Length, eTag = Version }, Cancel);
        });
        await new SandboxClient(server.Endpoint).Sandbox("box").Item("/f").WriteAsync(new MemoryStream(_bytes), new WriteOptions(), Cancel);
        Assert.Equal(_bytes, received.ToArray());
    }

    [Fact]
    public async Task Truncated_list_is_an_error()
    {
        await using StubServer server = await StubServer.StartAsync(async context =>
        {
            await context.Response.WriteAsync("""{"path":"/a","type":"file","mode":"0644"}""" + "\n", Cancel);
            await BreakAsync(context);
        });
        await Assert.ThrowsAsync<ConnectionLostException>(async () =>
        {
            await foreach (FileEntry entry in new SandboxClient(server.Endpoint).Sandbox("box").Item("/").ListAsync(new ListOptions(), Cancel))
            {
                Assert.Equal("/a", entry.Path);
                _opened.SetResult();
            }
        });
    }

    private async Task BreakAsync(HttpContext context)
    {
        await context.Response.Body.FlushAsync(Cancel);
        await _opened.Task.WaitAsync(Cancel);
        context.Abort();
    }

    private static void Describe(HttpContext context, long length)
    {
        context.Response.ContentLength = length;
        context.Response.Headers.ETag = Version;
        context.Response.Headers[FileHeaders.Size] = "1000000";
    }
}
