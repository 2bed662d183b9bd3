using System.Text;
using Sandbox.Client;
using Sandbox.Protocol;

namespace Sandbox.Agent.Tests;

/// <summary>Checkouts by the real git from git's own HTTP server.</summary>
public sealed class CheckoutTests : IClassFixture<AgentFixture>, IDisposable
{
    // Unique to the test run, because the test searches all processes for it.
    private static readonly string Password = $"hush-{Guid.NewGuid():n}/@:%";

    private readonly AgentFixture _agent;
    private readonly GitServer _git = new();
    private readonly string _directory;
    private readonly List<CheckoutProgress> _progress = [];

    public CheckoutTests(AgentFixture agent) => (_agent, _directory) = (agent, agent.NewDirectory());

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private string Place => Path.Combine(_directory, "repository");

    private SandboxClient Client => new(ServerEndpoint.Parse("unix:" + _agent.Socket));

    public void Dispose() => _git.Dispose();

    [Fact]
    public async Task Checkout_brings_the_history_and_reports_progress()
    {
        CheckoutResult result = await RunAsync(new CheckoutRequest { Uri = _git.Uri });
        Assert.Equal((Place, _git.Uri, "main", _git.CommitOf("main")), (result.Path, result.Uri, result.Branch, result.Commit));
        Assert.Equal("3", File.ReadAllText(Place + "/file"));
        Assert.Equal("3", GitServer.Run(Place, "rev-list --count HEAD").Trim());
        Assert.Contains(_progress, step => step.Percent == 100);
        Assert.DoesNotContain(Directory.EnumerateFileSystemEntries(_directory), entry => entry.Contains(".sandbox-", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Branch_tag_and_commit_are_distinguished()
    {
        Assert.Equal(("side", "1"), await BranchAndFileAsync(new CheckoutRequest { Uri = _git.Uri, Branch = "side" }));
        Assert.Equal((null, "1"), await BranchAndFileAsync(new CheckoutRequest { Uri = _git.Uri, Tag = "v1" }));
        Assert.Equal((null, "2"), await BranchAndFileAsync(new CheckoutRequest { Uri = _git.Uri, Commit = _git.CommitOf("main~1")[..10] }));
        Assert.Equal("branch_not_found", await FailAsync(new CheckoutRequest { Uri = _git.Uri, Branch = "v1" }));
        Assert.Equal("branch_not_found", await FailAsync(new CheckoutRequest { Uri = _git.Uri, Tag = "side" }));
        Assert.Equal("branch_not_found", await FailAsync(new CheckoutRequest { Uri = _git.Uri, Commit = "0123456789" }));
    }

    [Fact]
    public async Task Depth_limits_the_history_of_branch_tag_and_commit()
    {
        foreach (CheckoutRequest request in new CheckoutRequest[]
        {
            new() { Uri = _git.Uri, Depth = 1 },
            new() { Uri = _git.Uri, Depth = 1, Commit = _git.CommitOf("main~1") },
            new() { Uri = _git.Uri, Depth = 1, Tag = "v1" },
        })
        {
            CheckoutResult result = await RunAsync(request);
            Assert.Equal("1", GitServer.Run(result.Path, "rev-list --count HEAD").Trim());
            Directory.Delete(result.Path, recursive: true);
        }
    }

    [Fact]
    public async Task Relative_address_and_destination_resolve_in_the_session_directory()
    {
        string session = await _agent.NewSessionAsync(new { cwd = _directory });
        GitServer.Run(_directory, $"clone -q --bare {_git.Bare} near.git");
        Assert.Equal(
            _directory + "/near",
            (await Client.Sandbox("test").Session(session).CheckOutAsync(new CheckoutRequest { Uri = "./near.git" }, _ => { }, Cancel)).Path);
        Assert.Equal(_directory + "/a/b",
            (await Client.Sandbox("test").Session(session)
                .CheckOutAsync(new CheckoutRequest { Uri = "file://" + _git.Bare, Destination = "a/b" }, _ => { }, Cancel)).Path);
    }

    [Fact]
    public async Task Each_failure_has_its_own_error_code_and_leaves_nothing()
    {
        Assert.Equal("repository_not_found", await FailAsync(new CheckoutRequest { Uri = _git.Origin + "/none.git" }));
        Assert.Equal("repository_not_found", await FailAsync(new CheckoutRequest { Uri = "file:///none" }));
        Assert.Equal("repository_not_found", await FailAsync(new CheckoutRequest { Uri = "/none" }));
        Assert.Equal("branch_not_found", await FailAsync(new CheckoutRequest { Uri = _git.Uri, Branch = "none" }));
        using ReservedPort port = new();
        Assert.Equal("network_unreachable", await FailAsync(new CheckoutRequest { Uri = $"http://127.0.0.1:{port.Number}/r.git" }));
        Assert.Equal("network_unreachable", await FailAsync(new CheckoutRequest { Uri = "http://host.invalid/r.git" }));
        Assert.Equal("invalid_request", await FailAsync(new CheckoutRequest()));
        Assert.Equal("invalid_request", await FailAsync(new CheckoutRequest { Uri = _git.Uri, Branch = "a", Tag = "b" }));
        Assert.Equal("invalid_request", await FailAsync(new CheckoutRequest { Uri = _git.Uri, Commit = "--help" }));
        Assert.Equal("invalid_request", await FailAsync(new CheckoutRequest { Uri = _git.Bare, UserName = "me", Password = "x" }));
    }

    [Theory]
    [InlineData("--upload-pack=touch stolen;")]
    [InlineData("-v")]
    public async Task Address_that_begins_with_a_dash_is_not_an_option(string uri) =>
        Assert.Equal("repository_not_found", await FailAsync(new CheckoutRequest { Uri = uri }));

    [Fact]
    public async Task Existing_destination_is_refused_unless_an_empty_directory()
    {
        Directory.CreateDirectory(Place);
        await RunAsync(new CheckoutRequest { Uri = _git.Uri });
        File.WriteAllText(Place + "/file", "mine");
        ApiException failure = await Assert.ThrowsAsync<ApiException>(() => RunAsync(new CheckoutRequest { Uri = _git.Uri }));
        Assert.Equal(("path_exists", 409), (failure.Code, failure.Status));
        Assert.Equal("mine", File.ReadAllText(Place + "/file"));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Credential_is_not_visible_in_processes_environment_config_or_output(bool isInAddress)
    {
        using GitServer closed = new(Password);
        List<string> seen = [];
        int looks = 0;
        closed.OnAuthenticated = () =>
        {
            looks++;
            seen.AddRange(ProcessesContaining(Password));
        };
        string uri = isInAddress ? closed.Uri.Replace("http://", $"http://me:{Uri.EscapeDataString(Password)}@", StringComparison.Ordinal) : closed.Uri;
        CheckoutResult result = await RunAsync(
            new CheckoutRequest { Uri = uri, UserName = isInAddress ? null : "me", Password = isInAddress ? null : Password });
        Assert.Equal(closed.Uri, result.Uri);
        Assert.Equal("3", File.ReadAllText(Place + "/file"));
        Assert.True(looks > 0);
        Assert.Empty(seen);
        Assert.DoesNotContain(Directory.EnumerateFiles(Place + "/.git", "*", SearchOption.AllDirectories), file => Holds(File.ReadAllBytes(file), Password));
    }

    [Fact]
    public async Task Missing_or_wrong_credential_is_an_error_that_does_not_show_it()
    {
        using GitServer closed = new(Password);
        Assert.Equal("authentication_failed", await FailAsync(new CheckoutRequest { Uri = closed.Uri }));
        ApiException failure = await Assert.ThrowsAsync<ApiException>(
            () => RunAsync(new CheckoutRequest { Uri = closed.Uri, UserName = "me", Password = "wrong-secret" }));
        Assert.Equal(("authentication_failed", 403), (failure.Code, failure.Status));
        Assert.DoesNotContain("wrong-secret", failure.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain(Password, new CheckoutRequest { Password = Password, Uri = Password }.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Credential_is_sent_to_its_own_server_only_even_after_a_redirect()
    {
        using GitServer other = new(Password);
        int trusted = 0;
        other.OnAuthenticated = () => trusted++;
        _git.Redirect = other.Origin;
        Assert.Equal("authentication_failed", await FailAsync(new CheckoutRequest { Uri = _git.Uri, UserName = "me", Password = Password }));
        Assert.True(other.Requests > 0);
        Assert.Equal(0, trusted);
    }

    [Fact]
    public async Task Timeout_ends_the_checkout_and_leaves_no_process_or_directory()
    {
        _git.IsUnresponsive = true;
        Assert.Equal("command_timed_out", await FailAsync(new CheckoutRequest { Uri = _git.Uri, TimeoutMs = 300 }));
        Assert.Empty(ProcessesContaining(_git.Uri));
    }

    [Fact]
    public async Task Disconnecting_ends_the_checkout()
    {
        _git.IsUnresponsive = true;
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        Task<CheckoutResult> running = Client.Sandbox("test").CheckOutAsync(new CheckoutRequest { Uri = _git.Uri, Destination = Place }, _ => { }, stop.Token);
        await Wait.UntilAsync(() => _git.Requests > 0, "git asks");
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
        await Wait.UntilAsync(
            () => !ProcessesContaining(_git.Uri).Any() && !Directory.EnumerateFileSystemEntries(_directory).Any(), "git has ended and its files are removed");
    }

    [Fact]
    public async Task Missing_git_is_an_error_that_says_so()
    {
        string session = await _agent.NewSessionAsync(new { env = new { PATH = "/none" } });
        ApiException failure = await Assert.ThrowsAsync<ApiException>(
            () => Client.Sandbox("test").Session(session).CheckOutAsync(new CheckoutRequest { Uri = _git.Uri }, _ => { }, Cancel));
        Assert.Equal(("git_not_installed", 501), (failure.Code, failure.Status));
    }

    private static IEnumerable<string> ProcessesContaining(string secret)
    {
        foreach (string process in Directory.EnumerateDirectories("/proc")
            .Where(path => char.IsAsciiDigit(path[^1]) && path != $"/proc/{Environment.ProcessId}"))
        {
            foreach (string file in new[] { "cmdline", "environ" })
            {
                byte[] content;
                try
                {
                    content = File.ReadAllBytes(Path.Combine(process, file));
                }
                catch (Exception e) when (e is IOException or UnauthorizedAccessException)
                {
                    continue;
                }

                if (Holds(content, secret))
                {
                    yield return $"{process}/{file}";
                }
            }
        }
    }

    private static bool Holds(byte[] content, string secret) =>
        content.AsSpan().IndexOf(Encoding.UTF8.GetBytes(secret)) >= 0 || content.AsSpan().IndexOf(Encoding.UTF8.GetBytes(Uri.EscapeDataString(secret))) >= 0;

    private Task<CheckoutResult> RunAsync(CheckoutRequest request) =>
        Client.Sandbox("test").CheckOutAsync(request with { Destination = Place }, _progress.Add, Cancel);

    private async Task<string> FailAsync(CheckoutRequest request)
    {
        ApiException failure = await Assert.ThrowsAsync<ApiException>(() => RunAsync(request));
        Assert.False(Directory.Exists(Place), failure.Message);
        Assert.DoesNotContain(".sandbox-", failure.Message, StringComparison.Ordinal);
        return failure.Code;
    }

    private async Task<(string? Branch, string File)> BranchAndFileAsync(CheckoutRequest request)
    {
        CheckoutResult result = await RunAsync(request);
        string file = File.ReadAllText(result.Path + "/file");
        Directory.Delete(result.Path, recursive: true);
        return (result.Branch, file);
    }
}
