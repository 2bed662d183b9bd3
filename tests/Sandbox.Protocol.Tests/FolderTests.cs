using System.Reflection;
using System.Text.RegularExpressions;

namespace Sandbox.Protocol.Tests;

/// <summary>The structure of the source projects: namespaces follow folders, and folders do not depend on each other in circles.</summary>
public sealed class FolderTests
{
    private static readonly string Source = Path.Combine(
        typeof(FolderTests).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().First(data => data.Key == "RepositoryRoot").Value!, "src");

    // The types of the module are in few namespaces; Copying follows later.
    private const string Module = "Sandbox.PowerShell";
    private const string Exempt = Module + ".Copying";

    /// <summary>Gets the projects whose namespaces follow their folders.</summary>
    public static TheoryData<string> Projects => ["Sandbox.Client", "Sandbox.Hosting", "Sandbox.Linux", "Sandbox.Protocol", "Sandbox.Server"];

    [Theory]
    [MemberData(nameof(Projects))]
    public void Namespaces_follow_folders(string project)
    {
        IEnumerable<string> wrong = Read(project)
            .SelectMany(file => file.Namespaces.Where(name => name != file.Folder).Select(name => $"{file.Path}: {name} instead of {file.Folder}"));
        Assert.Empty(wrong);
    }

    [Theory]
    [MemberData(nameof(Projects))]
    [InlineData(Module)]
    public void Folders_do_not_depend_on_each_other(string project)
    {
        SourceFile[] files = [.. Read(project).Where(file => file.Folder != Exempt)];
        string[] folders = [.. files.Select(file => file.Folder).Distinct()];
        ILookup<string, string> types = files.SelectMany(file => file.Types.Select(type => (file.Folder, type)))
            .ToLookup(pair => pair.Folder, pair => pair.type);
        ILookup<string, string> dependencies = files
            .SelectMany(
                file => folders.Where(folder => folder != file.Folder && Uses(file, folder, types[folder])).Select(folder => (file.Folder, Used: folder)))
            .Distinct().ToLookup(pair => pair.Folder, pair => pair.Used);
        Assert.True(folders.Length == 1 || dependencies.Count > 0, "no dependency was found between any of the folders");
        Assert.Null(FindCircle(folders, dependencies));
    }

    [Fact]
    public void Circle_is_found()
    {
        ILookup<string, string> dependencies = new[] { ("a", "b"), ("b", "c"), ("c", "b"), ("a", "d") }.ToLookup(pair => pair.Item1, pair => pair.Item2);
        Assert.Equal("b → c → b", FindCircle(["a", "b", "c", "d"], dependencies));
    }

    /// <summary>Returns whether a file uses a folder: by its namespace, or by types and extension methods which need no using directive.</summary>
    private static bool Uses(SourceFile file, string folder, IEnumerable<string> types) =>
        file.Folder.StartsWith(folder + '.', StringComparison.Ordinal) || file.Folder.StartsWith(Module, StringComparison.Ordinal)
        ? types.Any(type => Regex.IsMatch(file.Code, $@"\b{type}\b"))
        : Regex.IsMatch(file.Code, $@"\b{Regex.Escape(folder)}(?!\.?\w)");

    private static string? FindCircle(string[] folders, ILookup<string, string> dependencies)
    {
        HashSet<string> done = [];
        List<string> path = [];
        return folders.Select(Visit).FirstOrDefault(circle => circle is not null);

        string? Visit(string folder)
        {
            if (path.IndexOf(folder) is >= 0 and var start)
            {
                return string.Join(" → ", path.Skip(start).Append(folder));
            }

            if (!done.Add(folder))
            {
                return null;
            }

            path.Add(folder);
            string? circle = dependencies[folder].Select(Visit).FirstOrDefault(found => found is not null);
            path.RemoveAt(path.Count - 1);
            return circle;
        }
    }

    private static SourceFile[] Read(string project)
    {
        string top = Path.Combine(Source, project);
        SourceFile[] files =
        [
            .. Directory.EnumerateFiles(top, "*.cs", SearchOption.AllDirectories)
                .Select(path => (Path: Path.GetRelativePath(top, path), Code: Regex.Replace(File.ReadAllText(path), @"//.*", "")))
                .Where(file => file.Path.Split('/')[0] is not ("obj" or "bin"))
                .Select(file => new SourceFile(project, file.Path, file.Code)),
        ];
        Assert.NotEmpty(files);
        return files;
    }

    private sealed record SourceFile(string Project, string Path, string Code)
    {
        public string Folder => string.Join('.', [Project, .. Path.Split('/')[..^1]]);

        public IEnumerable<string> Namespaces => Regex.Matches(Code, @"^namespace ([\w.]+);", RegexOptions.Multiline).Select(match => match.Groups[1].Value);

        public IEnumerable<string> Types =>
            Regex.Matches(Code, @"^(?:public|internal) [\w ]*\b(?:class|struct|record|interface|enum) (\w+)", RegexOptions.Multiline)
                .Select(match => Regex.Replace(match.Groups[1].Value, "Attribute$", "(?:Attribute)?"))
                .Concat(Regex.Matches(Code, @"(?:public|internal) static [^=;{(]*?\b(\w+)(?:<\w+>)?\(\s*this ")
                    .Select(match => $@"(?<=\.){match.Groups[1].Value}(?=(?:<\w+>)?\()"));
    }
}
