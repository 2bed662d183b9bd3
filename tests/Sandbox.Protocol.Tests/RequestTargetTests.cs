namespace Sandbox.Protocol.Tests;

public sealed class RequestTargetTests
{
    [Theory]
    [InlineData("/v1/sandbox/a", "/v1/sandbox/a", "/v1/sandbox/a")]
    [InlineData("/v1/sandbox/a?x=/../b", "/v1/sandbox/a", "/v1/sandbox/a")]
    [InlineData("/v1/sandbox/a/exec", "/v1/sandbox/a/exec", "/v1/sandbox/a/exec")]
    [InlineData("/v1/sandbox/a/file/x%2Fy", "/v1/sandbox/a/file/x%2Fy", "/v1/sandbox/a/file/x%2Fy")]
    [InlineData("/v1/sandbox/a/file/d/../%ff", "/v1/sandbox/a/file/%ff", "/v1/sandbox/a/file/d/../%ff")]
    [InlineData("http://host/v1/sandbox/a/exec?q", "/v1/sandbox/a/exec", "/v1/sandbox/a/exec")]
    [InlineData("/health", "/health", "/health")]
    [InlineData("/", "/", "/")]
    [InlineData("*", "/", "/")]
    public void Unambiguous_target_gives_the_path_as_it_was_sent(string target, string decoded, string path) =>
        Assert.Equal(path, RequestTarget.PathOf(target, decoded));

    [Theory]
    [InlineData("/v1/sandbox/A/file/workspace/%2e%2e/%2e%2e/%2e%2e/B", "/v1/sandbox/B")]
    [InlineData("/v1/sandbox/A/../B", "/v1/sandbox/B")]
    [InlineData("/v1/sandbox/A/file/../process", "/v1/sandbox/A/process")]
    [InlineData("/v1/sandbox/A/file/../../B/stop", "/v1/sandbox/B/stop")]
    [InlineData("/v1/sandbox/%41", "/v1/sandbox/A")]
    [InlineData("/v1/sandbox/A/%65xec", "/v1/sandbox/A/exec")]
    [InlineData("/v1/x/../server/stop", "/v1/server/stop")]
    [InlineData("/v1/sandbox/A\t", "/v1/sandbox/A\t")]
    [InlineData("/v1/sandbox/A\rB", "/v1/sandbox/A\rB")]
    public void Ambiguous_target_is_an_invalid_request(string target, string decoded) =>
        Assert.Equal(ErrorCodes.InvalidRequest, Assert.Throws<ApiException>(() => RequestTarget.PathOf(target, decoded)).Code);
}
