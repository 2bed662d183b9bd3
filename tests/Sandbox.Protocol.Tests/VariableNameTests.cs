namespace Sandbox.Protocol.Tests;

public sealed class VariableNameTests
{
    [Theory]
    [InlineData("A")]
    [InlineData("_")]
    [InlineData("a1_B")]
    public void Letters_digits_and_underscores_are_a_valid_name(string name) =>
        VariableName.RequireAll(new Dictionary<string, string?> { [name] = "any text\n☃" });

    [Theory]
    [InlineData("")]
    [InlineData("1A")]
    [InlineData("A B")]
    [InlineData("A=B")]
    [InlineData("A;rm -rf x")]
    [InlineData("É")]
    [InlineData("UID")]
    public void Other_name_is_refused_and_quoted(string name)
    {
        ApiException failure = Assert.Throws<ApiException>(() => VariableName.RequireAll(new Dictionary<string, string?> { [name] = "x" }));
        Assert.Equal(ErrorCodes.InvalidRequest, failure.Code);
        Assert.Contains($"'{name}'", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Value_with_NUL_is_refused_and_not_shown()
    {
        ApiException failure = Assert.Throws<ApiException>(() => VariableName.RequireAll(new Dictionary<string, string?> { ["A"] = "sec\0ret" }));
        Assert.DoesNotContain("sec", failure.Message, StringComparison.Ordinal);
    }
}
