namespace Sandbox.Protocol.Tests;

public sealed class RepositoryAddressTests
{
    [Theory]
    [InlineData("https://host/a/b.git", "https://host/a/b.git", null, null, "https://host", "b")]
    [InlineData("https://me:p%40ss:w@host:1/a@b.git/", "https://host:1/a@b.git/", "me", "p@ss:w", "https://host:1", "a@b")]
    [InlineData("HTTP://token@host/r", "HTTP://host/r", "token", null, "HTTP://host", "r")]
    [InlineData("https://a@b:c@host", "https://host", "a@b", "c", "https://host", "host")]
    [InlineData("git@host:team/r.git", "git@host:team/r.git", null, null, null, "r")]
    [InlineData("ssh://me:x@host/r/.git", "ssh://me:x@host/r/.git", null, null, null, "r")]
    [InlineData("/a/me:x@b", "/a/me:x@b", null, null, null, "x@b")]
    [InlineData("https://", "https://", null, null, "https://", "")]
    public void Name_and_password_are_removed_from_web_addresses(string text, string uri, string? userName, string? password, string? server, string name)
    {
        RepositoryAddress address = RepositoryAddress.Parse(text);
        Assert.Equal((uri, userName, password, server), (address.Uri, address.UserName, address.Password, address.Server));
        Assert.Equal(uri, address.ToString());
        Assert.Equal(name, address.Name);
    }
}
