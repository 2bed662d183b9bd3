using System.Text;

namespace Sandbox.Protocol.Tests;

public sealed class PathTextTests
{
    public static TheoryData<byte[]> AnyBytes => new()
    {
        { "plain/path"u8.ToArray() },
        { "sp ace\nü🎉%25+&"u8.ToArray() },
        { new byte[] { 0xff } },
        { new byte[] { 0x61, 0xc3, 0x28, 0xf0, 0x9f, 0x62 } },
        { new byte[] { 0xed, 0xb2, 0x80 } },
        { Enumerable.Range(1, 255).Select(number => (byte)number).ToArray() },
    };

    [Theory]
    [MemberData(nameof(AnyBytes))]
    public void Any_bytes_round_trip_through_text_and_address(byte[] bytes)
    {
        string path = PathText.FromBytes(bytes);
        Assert.Equal(bytes, PathText.ToBytes(path));
        string escaped = PathText.Escape(path);
        Assert.True(Ascii.IsValid(escaped));
        Assert.Equal(path, PathText.Unescape(escaped));
        Assert.Equal(Encoding.UTF8.GetString(bytes), PathText.ToDisplay(path));
    }

    // As numbers, because xunit passes test arguments as UTF-8.
    [Theory]
    [InlineData(0)]
    [InlineData(0xd83c)]
    [InlineData(0xdfff)]
    [InlineData(0xdc7f)]
    public void Text_that_no_path_can_hold_is_refused(int character) =>
        Assert.Equal(ErrorCodes.InvalidRequest, Assert.Throws<ApiException>(() => PathText.Escape($"a{(char)character}b")).Code);

    [Theory]
    [InlineData("%")]
    [InlineData("a%1")]
    [InlineData("%zz")]
    [InlineData("a%00")]
    public void Malformed_address_is_refused(string escaped) =>
        Assert.Equal(ErrorCodes.InvalidRequest, Assert.Throws<ApiException>(() => PathText.Unescape(escaped)).Code);

    [Fact]
    public void Only_reserved_characters_are_escaped() => Assert.Equal("/workspace/a-b_c.d~/%20%3F%25", PathText.Escape("/workspace/a-b_c.d~/ ?%"));
}
