using Sandbox.Client;
using Sandbox.Protocol;

namespace Sandbox.Agent.Tests;

public sealed class WatchTests(AgentFixture agent) : IClassFixture<AgentFixture>
{
    private const string Box = "test";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private SandboxClient Client => new(ServerEndpoint.Parse("unix:" + agent.Socket));

    [Fact]
    public async Task Each_kind_of_change_is_reported_once_with_its_path()
    {
        string directory = agent.NewDirectory();
        await using Watching watching = await WatchAsync(directory, recursive: false);
        await agent.RunAsync(null, $"cd {directory} && echo x > 'a|b' && chmod 600 'a|b' && mv 'a|b' c && rm c && mkdir d");
        Assert.Equal(
            [(FileChangeType.Created, "a|b"), (FileChangeType.Modified, "a|b"), (FileChangeType.Attributes, "a|b"), (FileChangeType.Moved, "c"),
                (FileChangeType.Deleted, "c"), (FileChangeType.Created, "d")],
            await TakeAsync(watching, directory, 6));
    }

    [Fact]
    public async Task Entries_created_before_a_new_directory_is_watched_are_reported()
    {
        string directory = agent.NewDirectory();
        await using Watching watching = await WatchAsync(directory, recursive: true);
        await agent.RunAsync(null, $"cd {directory} && mkdir -p a/b/c && touch a/1 a/b/2 a/b/c/3 && touch end");
        HashSet<string> created = [];
        for (int i = 0; i < 7; i++)
        {
            (FileChangeType type, string path) = (await TakeAsync(watching, directory, 1))[0];
            if (type == FileChangeType.Created)
            {
                Assert.True(created.Add(path), $"'{path}' was reported twice");
            }
            else
            {
                i--;
            }
        }

        Assert.Equal(["a", "a/1", "a/b", "a/b/2", "a/b/c", "a/b/c/3", "end"], created.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Moved_directory_stays_watched_under_its_new_name()
    {
        string directory = agent.NewDirectory();
        await agent.RunAsync(null, $"mkdir {directory}/old");
        await using Watching watching = await WatchAsync(directory, recursive: true);
        await agent.RunAsync(null, $"cd {directory} && mv old new && mkdir new/sub");
        Assert.Equal([(FileChangeType.Moved, "new"), (FileChangeType.Created, "new/sub")], await TakeAsync(watching, directory, 2));
    }

    [Fact]
    public async Task Burst_is_reported_completely_or_as_an_overflow()
    {
        string directory = agent.NewDirectory();
        const int files = 30_000;
        await using Watching watching = await WatchAsync(directory, recursive: false);
        await agent.RunAsync(null, $"cd {directory} && seq 1 {files} | xargs touch && touch end");
        HashSet<string> reported = [];
        bool isIncomplete = false;
        while (true)
        {
            FileChange change = await watching.NextAsync();
            isIncomplete |= change.Type == FileChangeType.Overflow;
            if (change.Type == FileChangeType.Created)
            {
                reported.Add(Path.GetFileName(change.Path));
            }

            if (reported.Contains("end") || isIncomplete)
            {
                break;
            }
        }

        Assert.True(isIncomplete || reported.Count == files + 1, $"{reported.Count} of {files} were reported");
    }

    [Fact]
    public async Task Atomic_write_is_one_change_without_its_temporary_name()
    {
        string directory = agent.NewDirectory();
        await using Watching watching = await WatchAsync(directory, recursive: false);
        await Client.Sandbox(Box).Item(directory + "/f").WriteAsync(new MemoryStream("1"u8.ToArray()), new WriteOptions(), Cancel);
        await Client.Sandbox(Box).Item(directory + "/f").WriteAsync(new MemoryStream("2"u8.ToArray()), new WriteOptions(), Cancel);
        Assert.Equal([(FileChangeType.Created, "f"), (FileChangeType.Modified, "f")], await TakeAsync(watching, directory, 2));
    }

    [Fact]
    public async Task Single_file_stays_watched_when_replaced_and_a_filter_applies()
    {
        string directory = agent.NewDirectory();
        await agent.RunAsync(null, $"cd {directory} && touch f g");
        await using Watching watching = await WatchAsync(directory + "/f", recursive: false);
        await using Watching filtered = await WatchAsync(directory, recursive: false, "*.txt");
        await agent.RunAsync(null, $"cd {directory} && echo x > g && echo y > h && mv h f && echo z >> f && touch a.txt");
        Assert.Equal([(FileChangeType.Moved, "f"), (FileChangeType.Modified, "f")], await TakeAsync(watching, directory, 2));
        Assert.Equal([(FileChangeType.Created, "a.txt")], await TakeAsync(filtered, directory, 1));
    }

    [Fact]
    public async Task Removal_of_the_watched_directory_is_reported_and_ends_the_watch()
    {
        string directory = agent.NewDirectory();
        await using Watching watching = await WatchAsync(directory, recursive: true);
        await agent.RunAsync(null, $"rmdir {directory}");
        Assert.Equal([(FileChangeType.Deleted, ".")], await TakeAsync(watching, directory, 1));
        Assert.False(await watching.MoveNextAsync());
        ApiException missing = await Assert.ThrowsAsync<ApiException>(() => WatchAsync(directory, false));
        Assert.Equal(ErrorCodes.PathNotFound, missing.Code);
    }

    private async Task<Watching> WatchAsync(string path, bool recursive, string? filter = null)
    {
        Watching watching = new(Client.Sandbox(Box).Item(path).WatchAsync(recursive, filter, [], Cancel).GetAsyncEnumerator(Cancel));
        try
        {
            Assert.True(await watching.MoveNextAsync());
        }
        catch
        {
            await watching.DisposeAsync();
            throw;
        }

        return watching;
    }

    private static async Task<(FileChangeType, string)[]> TakeAsync(Watching watching, string directory, int count)
    {
        List<(FileChangeType, string)> taken = [];
        while (taken.Count < count)
        {
            FileChange change = await watching.NextAsync();
            taken.Add((change.Type, Path.GetRelativePath(directory, change.Path)));
        }

        return [.. taken];
    }

    private sealed class Watching(IAsyncEnumerator<FileChange?> changes) : IAsyncDisposable
    {
        public ValueTask<bool> MoveNextAsync() => changes.MoveNextAsync();

        public async Task<FileChange> NextAsync()
        {
            Assert.True(await changes.MoveNextAsync().AsTask().WaitAsync(Wait.Limit, Cancel));
            return changes.Current!;
        }

        public ValueTask DisposeAsync() => changes.DisposeAsync();
    }
}
