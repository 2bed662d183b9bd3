using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;

namespace Sandbox.Agent.Tests;

/// <summary>The structure of the source folders of the agent.</summary>
public sealed partial class FolderTests
{
    private static readonly string Root = Path.GetFullPath("../../src/Sandbox.Agent", Path.GetDirectoryName(ThisFile())!);

    private static readonly ILookup<string, string> Used = Sources()
        .SelectMany(file => Using().Matches(File.ReadAllText(file)).Select(match => (From: FolderOf(file), To: match.Groups[1].Value)))
        .Where(pair => pair.From != pair.To)
        .Distinct()
        .ToLookup(pair => pair.From, pair => pair.To);

    [Fact]
    public void Folders_do_not_depend_on_each_other()
    {
        Assert.Contains("Commands", Used["Sessions"]);
        foreach (string folder in Used.Select(group => group.Key))
        {
            Assert.DoesNotContain(folder, ReachableFrom(folder));
        }
    }

    [Fact]
    public void Only_the_Api_folder_uses_HttpContext()
    {
        Assert.All(
            Sources().Where(file => FolderOf(file) is not ("Api" or "")),
            file => Assert.DoesNotMatch("HttpContext|HttpRe(quest|sponse)\\b|Microsoft\\.AspNetCore", File.ReadAllText(file)));
    }

    [Fact]
    public void Namespaces_follow_folders()
    {
        Assert.All(
            Sources().Where(file => Path.GetFileName(file) != "Program.cs"),
            file => Assert.Contains(
                $"namespace {string.Join('.', ["Sandbox.Agent", .. Path.GetRelativePath(Root, file).Split('/').SkipLast(1)])};\n", File.ReadAllText(file)));
    }

    private static HashSet<string> ReachableFrom(string folder)
    {
        HashSet<string> found = [];
        Stack<string> open = new(Used[folder]);
        while (open.TryPop(out string? next))
        {
            if (found.Add(next))
            {
                foreach (string further in Used[next])
                {
                    open.Push(further);
                }
            }
        }

        return found;
    }

    private static IEnumerable<string> Sources() =>
        Directory.EnumerateFiles(Root, "*.cs", SearchOption.AllDirectories).Where(file => FolderOf(file) is not ("obj" or "bin"));

    private static string FolderOf(string file) => Path.GetRelativePath(Root, file).Split('/') is [var folder, _, ..] ? folder : "";

    private static string ThisFile([CallerFilePath] string path = "") => path;

    // Within the agent "Commands.Command" needs no using directive. Such names are not used in the sources, or they would be missed here.
    [GeneratedRegex(@"using Sandbox\.Agent\.(\w+)")]
    private static partial Regex Using();
}
