using System.Diagnostics;

namespace Sandbox.Protocol.Tests;

/// <summary>Patterns of what is left out: the rules are git's, so git is the judge.</summary>
public sealed class ExcludePatternsTests
{
    private static readonly string[] Files =
    [
        ".env", "a.log", "a.txt", "A.TXT", "[x]", "#x", "!x", "sp ", "b/.env", "b/a.log", "b/c/.env", "b/c/d/.env", "b/c/d/e.txt",
        "build/out", "c/build/out",
        "src/build", "src/secret.txt", "src/sub/secret.txt", "src/sub/src/secret.txt",
        "node_modules/x/y.js", "c/node_modules/z.js", "x1", "x9", "xa", "x-", "x]",
        "deep/1/2/3/f", "deep/f", "éa", "éa/no", "back\\slash", "keep/a.log", "keep/b/a.log",
    ];

    public static TheoryData<string> Lists =>
    [
        "node_modules\n*.log", "**/.env", ".env", "/.env", "src/secret.txt", "/src/secret.txt", "src\\secret.txt", "SRC/secret.txt",
        "build", "build/", "/build/", "*.txt", "*.TXT", "b/*", "b/**", "b/**/.env", "**/b", "**/c/d", "b/*/d", "a.*\n!a.txt",
        "*.log\n!keep/*.log", "keep\n!keep/a.log", "*\n!*/\n!*.js", "/*\n!/src", "deep/**/f", "deep/**", "**/**/f", "**", "*", "/", "",
        "# x", "\\#x", "\\!x", "\\[x\\]", "[[]x]", "x[0-9]", "x[!0-9]", "x[^0-9]", "x[[:digit:]]", "x[[:alpha:]9]", "x[]-]", "x[a", "sp\\ ",
        "sp ", "?", "éa", "éa/", "é?", "back\\\\slash", "src/*/secret.txt", "s*/s*", "s**t", "c/build/", "secret.txt\n!src/secret.txt",
        "b/c\n!b/c/d/.env", "  ", "a.txt\r\n.env\r", "/**/secret.txt", "src/**/secret.txt", "src/", "!*", "*.l?g", "d*/*/2",
    ];

    [Theory]
    [MemberData(nameof(Lists))]
    public async Task Patterns_mean_what_they_mean_to_git(string list)
    {
        string root = Directory.CreateTempSubdirectory("sbe").FullName;
        try
        {
            foreach (string file in Files.Where(file => !Files.Any(other => other.StartsWith(file + "/", StringComparison.Ordinal))))
            {
                Directory.CreateDirectory(Path.GetDirectoryName($"{root}/{file}")!);
                await File.WriteAllTextAsync($"{root}/{file}", "", TestContext.Current.CancellationToken);
            }

            await GitAsync(root, "init", "-q");
            await File.WriteAllTextAsync(root + "/.git/info/exclude", list, TestContext.Current.CancellationToken);
            string all = await GitAsync(root, "ls-files", "-z", "--others");
            string kept = await GitAsync(root, "ls-files", "-z", "--others", "--exclude-from=.git/info/exclude");
            ExcludePatterns patterns = new(ExcludePatterns.ReadLines(list.Split('\n')));
            string[] ours = [.. all.Split('\0', StringSplitOptions.RemoveEmptyEntries)
                .Where(file => !new ExcludeScope(patterns, ExcludeRoot.Directory, "").HasOrIsBelow(file, isDirectory: false))];
            Assert.Equal(kept.Split('\0', StringSplitOptions.RemoveEmptyEntries), ours);
        }
        finally
        {
            Directory.Delete(root, recursive: true);
        }
    }

    [Fact]
    public void Leading_dot_and_slash_mean_the_top()
    {
        ExcludePatterns patterns = new(["./.env"]);
        Assert.True(patterns.Has(isDirectory: false, ".env"));
        Assert.False(patterns.Has(isDirectory: false, "b/.env"));
    }

    [Fact]
    public void Patterns_that_matched_nothing_are_known_also_when_others_decided()
    {
        ExcludePatterns patterns = new(["*.log", "a.log", "!b.log", "none", "src\\secret.txt"]);
        Assert.True(patterns.Has(isDirectory: false, "a.log"));
        Assert.False(patterns.Has(isDirectory: false, "b.log"));
        Assert.Equal([3, 4], patterns.Unmatched);
    }

    [Fact]
    public void Item_that_is_named_itself_is_not_meant_by_a_pattern_of_everything()
    {
        ExcludePatterns patterns = new(["*", "/*", "**", "!x"]);
        Assert.False(patterns.HasNamed("project", isDirectory: true));
        Assert.True(patterns.HasNamed("file", isDirectory: false));
        Assert.True(new ExcludePatterns(["project"]).HasNamed("project", isDirectory: true));
    }

    [Theory]
    [InlineData(ExcludeRoot.Directory, false)]
    [InlineData(ExcludeRoot.Parent, true)]
    [InlineData(ExcludeRoot.Either, true)]
    public void Path_starts_at_the_root_that_is_asked_for(ExcludeRoot root, bool isExcluded)
    {
        ExcludeScope scope = new(new ExcludePatterns(["src/secret.txt"]), root, "src");
        Assert.Equal(isExcluded, scope.Has("secret.txt", isDirectory: false));
        Assert.Equal(root != ExcludeRoot.Parent, scope.Has("src/secret.txt", isDirectory: false));
    }

    [Fact]
    public void Path_that_leads_out_is_refused() =>
        Assert.Equal(ErrorCodes.InvalidRequest, Assert.Throws<ApiException>(() => new ExcludePatterns(["a/../b"])).Code);

    private static async Task<string> GitAsync(string directory, params string[] arguments)
    {
        using Process git = Process.Start(new ProcessStartInfo("git", ["-c", "core.quotePath=false", .. arguments])
        {
            WorkingDirectory = directory,
            RedirectStandardOutput = true,
            Environment = { ["GIT_CONFIG_NOSYSTEM"] = "1", ["HOME"] = directory },
        })!;
        string output = await git.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await git.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(0, git.ExitCode);
        return output;
    }
}
