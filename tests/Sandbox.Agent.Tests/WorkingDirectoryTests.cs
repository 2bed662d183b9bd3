using System.Net;
using System.Text.Json;
using Sandbox.Protocol;

namespace Sandbox.Agent.Tests;

/// <summary>Sessions whose working directory was removed, and the home directory in paths.</summary>
public sealed class WorkingDirectoryTests(AgentFixture agent) : IClassFixture<AgentFixture>
{
    private static readonly string Home = Environment.GetEnvironmentVariable("HOME")!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("POST", "process", """{"command":"true"}""")]
    [InlineData("POST", "process", """{"command":"true","cwd":"sub"}""")]
    [InlineData("POST", "exec", """{"command":"true"}""")]
    [InlineData("POST", "exec", """{"command":"true","cwd":"../x"}""")]
    [InlineData("POST", "context", """{"language":"python"}""")]
    [InlineData("POST", "context", """{"language":"python","cwd":"sub"}""")]
    [InlineData("POST", "git/checkout", """{"url":"https://example.org/x"}""")]
    [InlineData("PUT", "file?path=f", "x")]
    [InlineData("GET", "file?path=f", null)]
    [InlineData("DELETE", "file?path=f", null)]
    [InlineData("GET", "directory?path=.", null)]
    [InlineData("PUT", "directory?path=d", null)]
    [InlineData("PUT", "link?path=l&target=x", null)]
    [InlineData("GET", "item?path=.", null)]
    [InlineData("GET", "item?pattern=*", null)]
    [InlineData("POST", "move?path=a&destination=/tmp/b", null)]
    [InlineData("POST", "copy?path=/etc/passwd&destination=b", null)]
    [InlineData("GET", "watch?path=.", null)]
    [InlineData("POST", "persist?path=.", null)]
    [InlineData("POST", "hydrate?path=.", "x")]
    public async Task Removed_directory_of_a_session_is_an_error_and_is_not_made(string method, string route, string? body)
    {
        (string session, string directory) = await NewRemovedAsync();
        using HttpResponseMessage response = await agent.SendAsync(new HttpMethod(method), route, body, session);
        ErrorBody error = await AgentFixture.ReadErrorAsync(response);
        Assert.Equal(ErrorCodes.WorkingDirectoryNotFound, error.Code);
        Assert.Contains(directory, error.Error);
        Assert.False(Directory.Exists(directory));
    }

    [Fact]
    public async Task Removed_directory_does_not_matter_to_what_names_another()
    {
        (string session, string directory) = await NewRemovedAsync();
        string other = agent.NewDirectory();
        using HttpResponseMessage written = await agent.SendAsync(HttpMethod.Put, $"file?path={other}/f", "x", session);
        Assert.Equal(HttpStatusCode.OK, written.StatusCode);
        Assert.Equal(other + "\n", (await agent.RunAsync(session, new { command = "pwd", cwd = other })).Output);
        ProcessInfo process = await agent.StartProcessAsync(new { command = "true", cwd = other }, session: session);
        Assert.Equal(0, (await agent.WaitForExitAsync(process.Id)).Exit!.ExitCode);
        Assert.False(Directory.Exists(directory));
    }

    [Fact]
    public async Task Directory_that_was_made_anew_is_used()
    {
        (string session, string directory) = await NewRemovedAsync();
        Directory.CreateDirectory(directory);
        CommandResult result = await agent.RunAsync(session, "touch f && pwd && ls");
        Assert.Equal($"{directory}\nf\n", result.Output);
        Assert.Equal([directory + "/f"], Directory.GetFiles(directory));
        Assert.Equal("kept\n", (await agent.RunAsync(session, "echo $KEPT")).Output);
    }

    [Fact]
    public async Task Moved_directory_and_one_whose_name_is_not_text_can_still_be_used()
    {
        string directory = agent.NewDirectory();
        string session = await agent.NewSessionAsync(new { cwd = directory + "/a" });
        await agent.RunAsync(session, "mv ../a ../b");
        Assert.Equal("b\n", (await agent.RunAsync(session, "ls ..")).Output);
        string unusual = await agent.NewSessionAsync();
        await agent.RunAsync(unusual, "mkdir $'\\xff' && cd $'\\xff' && touch f");
        Assert.Equal("f\n", (await agent.RunAsync(unusual, "ls")).Output);
    }

    [Theory]
    [InlineData("~", "")]
    [InlineData("~/", "")]
    [InlineData("~/.", "")]
    public async Task Tilde_is_the_home_directory_in_paths(string path, string below)
    {
        using HttpResponseMessage found = await agent.Http.GetAsync("item?path=" + path, Cancel);
        Assert.Equal(Home + below, JsonSerializer.Deserialize(await found.Content.ReadAsStringAsync(Cancel), ProtocolJson.Default.FileEntry)!.Path);
        Assert.Equal(HttpStatusCode.OK, (await agent.Http.GetAsync("directory?path=" + path, Cancel)).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await agent.Http.GetAsync("directory/" + path, Cancel)).StatusCode);
        Assert.Equal(Home + "\n", (await agent.RunAsync(null, new { command = "pwd", cwd = path })).Output);
        Assert.Equal(Home, (await agent.GetSessionAsync(await agent.NewSessionAsync(new { cwd = path }))).Cwd.TrimEnd('/'));
        Assert.Equal(Home, (await agent.StartProcessAsync(new { command = "true", cwd = path })).Cwd!.TrimEnd('/'));
        using HttpResponseMessage matches = await agent.Http.GetAsync($"item?hidden=true&pattern={path.TrimEnd('.', '/')}/*", Cancel);
        string list = await matches.Content.ReadAsStringAsync(Cancel);
        Assert.Equal(Directory.GetFileSystemEntries(Home).Length, list.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
    }

    [Fact]
    public async Task Tilde_elsewhere_in_a_path_is_a_name()
    {
        string session = await agent.NewSessionAsync(), directory = (await agent.GetSessionAsync(session)).Cwd;
        foreach (string path in (string[])["./~", "a~", "~b", "~b/c"])
        {
            using HttpResponseMessage written = await agent.SendAsync(HttpMethod.Put, "file?path=" + path, "x", session);
            Assert.Equal(HttpStatusCode.OK, written.StatusCode);
            Assert.True(File.Exists($"{directory}/{path}"), path);
            File.Delete($"{directory}/{path}");
        }
    }

    private async Task<(string Session, string Directory)> NewRemovedAsync()
    {
        string directory = agent.NewDirectory();
        string session = await agent.NewSessionAsync(new { cwd = directory });
        await agent.RunAsync(session, "export KEPT=kept");
        Directory.Delete(directory);
        return (session, directory);
    }
}
