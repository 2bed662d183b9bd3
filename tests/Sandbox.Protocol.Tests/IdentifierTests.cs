namespace Sandbox.Protocol.Tests;

public sealed class IdentifierTests
{
    [Theory]
    [InlineData("a")]
    [InlineData("A.b_c-9")]
    [InlineData("_x")]
    [InlineData("0")]
    [InlineData("a..b")]
    public void Letters_digits_dots_underscores_and_dashes_are_a_valid_id(string id) => Assert.True(Identifier.IsValid(id));

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData(" ")]
    [InlineData(".a")]
    [InlineData("..")]
    [InlineData("-a")]
    [InlineData("a/b")]
    [InlineData("a b")]
    [InlineData("a\n")]
    [InlineData("é")]
    [InlineData("a%2e")]
    public void Other_text_is_not_a_valid_id(string? id)
    {
        Assert.False(Identifier.IsValid(id));
        Assert.Equal(ErrorCodes.InvalidRequest, Assert.Throws<ApiException>(() => Identifier.Require(id, "session")).Code);
    }

    [Fact]
    public void Id_has_at_most_128_characters()
    {
        Assert.True(Identifier.IsValid(new string('a', 128)));
        Assert.False(Identifier.IsValid(new string('a', 129)));
    }

    [Fact]
    public void Generated_ids_differ_and_are_valid_for_Cloudflares_bridge()
    {
        string[] ids = [.. Enumerable.Range(0, 1000).Select(_ => Identifier.Generate())];
        Assert.All(ids, id => Assert.Matches("^[a-z2-7]{1,128}$", id));
        Assert.Equal(ids.Length, ids.Distinct().Count());
    }
}
