using System.Reflection;
using System.Text.RegularExpressions;

namespace Sandbox.Protocol.Tests;

/// <summary>Rules for source files that no analyzer checks.</summary>
public sealed class SourceTests
{
    private const int LongestLine = 160;

    private static readonly string Source = Path.Combine(
        typeof(SourceTests).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().First(data => data.Key == "RepositoryRoot").Value!, "src");

    /// <summary>The projects that follow the rules; the others come later.</summary>
    public static TheoryData<string> Projects =>
        ["Sandbox.Agent", "Sandbox.Client", "Sandbox.Hosting", "Sandbox.Linux", "Sandbox.Protocol", "Sandbox.Server"];

    [Theory]
    [MemberData(nameof(Projects))]
    public void No_line_is_longer_than_160_characters(string project) =>
        Assert.DoesNotContain(Lines(project), line => line.Text.Length > LongestLine);

    [Theory]
    [MemberData(nameof(Projects))]
    public void A_cancellation_token_parameter_is_named_cancellationToken(string project) =>
        Assert.DoesNotContain(Lines(project), line => Regex.IsMatch(line.Text, @"\bCancellationToken\?? (?!cancellationToken\b)[a-z]\w*\s*[,)=]"));

    [Theory]
    [MemberData(nameof(Projects))]
    public void Inherited_documentation_has_one_form(string project) =>
        Assert.DoesNotContain(Lines(project), line => line.Text.Contains("<inheritdoc/>", StringComparison.Ordinal));

    private static (string Place, string Text)[] Lines(string project)
    {
        string top = Path.Combine(Source, project);
        (string, string)[] lines =
        [
            .. Directory.EnumerateFiles(top, "*.cs", SearchOption.AllDirectories)
                .Where(file => Path.GetRelativePath(top, file).Split('/')[0] is not ("obj" or "bin"))
                .SelectMany(file => File.ReadLines(file).Select((line, index) => ($"{Path.GetRelativePath(Source, file)}:{index + 1}", line))),
        ];
        Assert.NotEmpty(lines);
        return lines;
    }
}
