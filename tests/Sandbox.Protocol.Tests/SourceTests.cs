using System.Reflection;
using System.Text.RegularExpressions;

namespace Sandbox.Protocol.Tests;

/// <summary>Rules for source files that no analyzer checks.</summary>
public sealed class SourceTests
{
    private const int LongestLine = 160;

    private static readonly string Root =
        typeof(SourceTests).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().First(data => data.Key == "RepositoryRoot").Value!;

    [Theory]
    [InlineData("src")]
    [InlineData("tests")]
    public void No_line_is_longer_than_160_characters(string folder) =>
        Assert.DoesNotContain(Lines(folder), line => line.Text.Length > LongestLine);

    [Theory]
    [InlineData("src")]
    [InlineData("tests")]
    public void A_cancellation_token_parameter_is_named_cancellationToken(string folder) =>
        Assert.DoesNotContain(Lines(folder), line => Regex.IsMatch(line.Text, @"\bCancellationToken\?? (?!cancellationToken\b)[a-z]\w*\s*[,)=]"));

    [Theory]
    [InlineData("src")]
    [InlineData("tests")]
    public void Inherited_documentation_has_one_form(string folder) =>
        Assert.DoesNotContain(Lines(folder), line => line.Text.Contains("<inheritdoc" + "/>", StringComparison.Ordinal));

    private static (string Position, string Text)[] Lines(string folder)
    {
        string top = Path.Combine(Root, folder);
        (string, string)[] lines =
        [
            .. Directory.EnumerateFiles(top, "*.cs", SearchOption.AllDirectories)
                .Select(file => Path.GetRelativePath(top, file))
                .Where(file => !file.Split('/').Any(part => part is "obj" or "bin"))
                .SelectMany(file => File.ReadLines(Path.Combine(top, file)).Select((line, index) => ($"{file}:{index + 1}", line))),
        ];
        Assert.NotEmpty(lines);
        return lines;
    }
}
