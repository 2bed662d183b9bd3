using System.Text;
using Sandbox.Agent.Commands;
using Sandbox.Agent.Shells;

namespace Sandbox.Agent.Tests;

public sealed class BashQuotingTests
{
    [Theory]
    [InlineData("plain", "plain")]
    [InlineData("", "''")]
    [InlineData("a b", "'a b'")]
    [InlineData("it's", @"'it'\''s'")]
    [InlineData("$x`y`", "'$x`y`'")]
    public void Quoting_produces_one_word(string text, string quoted) => Assert.Equal(quoted, BashQuoting.Quote(text));

    [Theory]
    [InlineData(@"a\ b\'c", "a b'c")]
    [InlineData(@"""a \""b\"" \$c \\ \d""", @"a ""b"" $c \ \d")]
    [InlineData(@"$'a\tb\nc\'d\\e\001\x41é'", "a\tb\nc'd\\e\u0001Aé")]
    [InlineData(@"'single \n'", @"single \n")]
    [InlineData(@"a'b c'""d""", "ab cd")]
    [InlineData("''", "")]
    public void Parsing_reverses_every_quoting_of_bash(string quoted, string text)
    {
        int position = 0;
        byte[] bytes = Encoding.UTF8.GetBytes(quoted + " next");
        Assert.Equal(text, BashQuoting.Read(bytes, ref position));
        Assert.Equal((byte)' ', bytes[position]);
    }

    [Fact]
    public void Export_list_keeps_values_and_omits_names_without_one()
    {
        string list = """
            declare -x A="1 2"
            declare -x NONE
            declare -ix N="5"
            declare -ax LIST=([0]="a" [1]="b")
            declare -x LINES=$'x\ny'
            declare -x OLD="raw
            newline"
            declare -x _="last"
            export POSIX="p"

            """;
        Assert.Equal(
            new Dictionary<string, string> { ["A"] = "1 2", ["N"] = "5", ["LINES"] = "x\ny", ["OLD"] = "raw\nnewline", ["POSIX"] = "p" },
            DeclareParser.Read(Encoding.UTF8.GetBytes(list)));
    }

    [Fact]
    public void Truncated_status_report_does_not_affect_the_next()
    {
        List<StatusReport> reports = [];
        List<Dictionary<string, string>?> exports = [];
        StatusReportReader reader = new(reports.Add, exports.Add);
        ReadOnlySpan<byte> text =
            "\u001e1\00\0/a\0''\00m0.001s 0m0.002s\n1m2,500s 0m0.000s\n\0declare -x CUT=\"of\u001e2\0130\0/b\\ c\0/d\0odd\0declare -x A=\"1\"\n\0"u8;
        foreach (byte b in text)
        {
            reader.Parse([b]);
        }

        Assert.Equal([new StatusReport(1, 0, "/a", "", TimeSpan.FromMilliseconds(62_503)), new StatusReport(2, 130, "/b c", "/d", null)], reports);
        Assert.Equal("1", Assert.Single(exports)!["A"]);
    }
}
