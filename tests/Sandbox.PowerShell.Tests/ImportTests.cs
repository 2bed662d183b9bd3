using System.Management.Automation;
using System.Reflection;
using System.Text.RegularExpressions;

namespace Sandbox.Tests;

public sealed class ImportTests
{
    private static readonly string[] StateChangingVerbs = ["New", "Set", "Remove", "Invoke", "Start", "Stop", "Restore", "Copy", "Move", "Rename", "Send",
        "Import", "Backup"];

    [Fact]
    public void Import_starts_nothing()
    {
        using TestHome home = new();
        Assert.Equal("True\n", PowerShellProcess.Run(home, "@(Get-Command -Module Sandbox).Count -gt 0"));
        Assert.Empty(Directory.EnumerateFileSystemEntries(home.Folder));
    }

    [Fact]
    public void No_third_party_assembly_is_shipped() => Assert.Equal(
        ["Sandbox.Client.dll", "Sandbox.Format.ps1xml", "Sandbox.PowerShell.dll", "Sandbox.Protocol.dll", "Sandbox.psd1"],
        Directory.EnumerateFiles(Paths.ModuleFolder).Select(Path.GetFileName).Order(StringComparer.Ordinal));

    [Fact]
    public void Manifest_exports_exactly_the_cmdlets()
    {
        CmdletInfo[] exported = Cmdlets();
        string[] written = [.. exported[0].ImplementingType.Assembly.GetTypes().Select(type => type.GetCustomAttribute<CmdletAttribute>())
            .Where(attribute => attribute is not null).Select(attribute => $"{attribute!.VerbName}-{attribute.NounName}").Order(StringComparer.Ordinal)];
        Assert.Equal(written, exported.Select(cmdlet => cmdlet.Name).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Every_cmdlet_follows_the_conventions()
    {
        Type[] verbs = [typeof(VerbsCommon), typeof(VerbsData), typeof(VerbsLifecycle), typeof(VerbsCommunications), typeof(VerbsDiagnostic),
            typeof(VerbsSecurity), typeof(VerbsOther)];
        string[] approved = [.. verbs.SelectMany(group => group.GetFields()).Select(field => (string)field.GetRawConstantValue()!)];
        foreach (CmdletInfo cmdlet in Cmdlets())
        {
            CmdletAttribute attribute = cmdlet.ImplementingType.GetCustomAttribute<CmdletAttribute>()!;
            Assert.True(!StateChangingVerbs.Contains(cmdlet.Verb) || attribute.SupportsShouldProcess, $"{cmdlet.Name} changes state without -WhatIf");
            Assert.True(!attribute.SupportsShouldProcess || attribute.ConfirmImpact == ConfirmImpact.Medium, $"{cmdlet.Name} confirms too eagerly");
            Assert.True(cmdlet.ImplementingType.GetCustomAttributes<OutputTypeAttribute>().Any(), $"{cmdlet.Name} does not say what it emits");
            Assert.True(cmdlet.ImplementingType.IsSealed
                && cmdlet.ImplementingType.Name == $"{cmdlet.Verb}{cmdlet.Noun}Command", $"{cmdlet.Name} is not sealed or not named as it should be");
            Assert.StartsWith("Sandbox", cmdlet.Noun, StringComparison.Ordinal);
            Assert.False(cmdlet.Noun.EndsWith('s') && !cmdlet.Noun.EndsWith("ss", StringComparison.Ordinal), $"{cmdlet.Noun} is not singular");
            Assert.Contains(cmdlet.Verb, approved);
            foreach (PropertyInfo parameter in cmdlet.ImplementingType.GetProperties())
            {
                Assert.All(parameter.GetCustomAttributes<ParameterAttribute>(),
                    item => Assert.False(string.IsNullOrEmpty(item.HelpMessage), $"{cmdlet.Name} -{parameter.Name} has no help"));
            }
        }
    }

    [Fact]
    public void Parameters_of_one_name_have_one_type_and_the_same_aliases()
    {
        // Excluded: -Id, -Name and -Environment name the object of the cmdlet; -Sandbox, -Session, -Path and -Port are arrays in some cmdlets only.
        string[] own = ["Id", "Name", "Session", "Sandbox", "Server", "Path", "Port"];
        var parameters = Cmdlets().SelectMany(cmdlet => cmdlet.ImplementingType.GetProperties())
            .Where(property => property.GetCustomAttributes<ParameterAttribute>().Any());
        Assert.All(parameters.Where(property => !own.Contains(property.Name)).GroupBy(property => property.Name),
            group => Assert.Single(group.Select(property => property.PropertyType).Distinct()));
        Assert.All(parameters.Where(property => property.Name.EndsWith("Seconds", StringComparison.Ordinal)), property =>
        {
            Assert.Equal(typeof(double?), property.PropertyType);
            Assert.Contains(property.GetCustomAttributes(), attribute => attribute.GetType().Name == "SecondsTransformationAttribute");
        });
        Assert.All(parameters, property => Assert.NotEqual(typeof(bool), property.PropertyType));
    }

    [Fact]
    public void Module_exports_no_aliases()
    {
        using PowerShellEngine engine = new();
        Assert.Empty(engine.Run("(Get-Module Sandbox).ExportedAliases.Keys").Texts);
        Assert.Empty(engine.Run("(Get-Module Sandbox).ExportedFunctions.Keys").Texts);
    }

    [Fact]
    public void Error_ids_are_unique_and_defined_in_one_place()
    {
        Regex made = new("new(?: ErrorRecord)?\\([^;]*?\"(?<id>[A-Z][A-Za-z]+)\", ErrorCategory\\.", RegexOptions.Singleline);
        string[] elsewhere = [.. Sources()
            .Where(file => Path.GetFileName(file) != "Errors.cs" && File.ReadAllText(file).Contains("ErrorCategory.", StringComparison.Ordinal))];
        Assert.Empty(elsewhere);
        string[] ids = [.. made.Matches(File.ReadAllText(Sources().Single(file => Path.GetFileName(file) == "Errors.cs")))
            .Select(match => match.Groups["id"].Value)];
        Assert.Contains("TargetGivenTwice", ids);
        Assert.Equal(ids.Distinct(), ids);
    }

    [Fact]
    public void The_error_table_names_real_categories_and_cmdlets()
    {
        CmdletInfo[] cmdlets = Cmdlets();
        Type codes = Assembly.LoadFrom(Path.Combine(Paths.ModuleFolder, "Sandbox.Protocol.dll")).GetType("Sandbox.Protocol.ErrorCodes")!;
        object[] kinds = [.. ((System.Collections.IEnumerable)codes.GetProperty("All")!.GetValue(null)!).Cast<object>()];
        Assert.NotEmpty(kinds);
        Assert.All(kinds, kind =>
        {
            Assert.True(Enum.TryParse((string)kind.GetType().GetProperty("Category")!.GetValue(kind)!, out ErrorCategory _));
            string action = (string?)kind.GetType().GetProperty("RecommendedAction")!.GetValue(kind) ?? "";
            Assert.All(Regex.Matches(action, @"\w+-Sandbox\w*"), named => Assert.Contains(named.Value, cmdlets.Select(cmdlet => cmdlet.Name)));
        });
    }

    [Fact]
    public void No_catch_clause_is_without_a_type()
    {
        // A catch clause without a type is allowed only for clean-up that rethrows.
        Regex bare = new("catch(?: \\((?:System\\.)?Exception(?: \\w+)?\\))?\\s*\\{(?<body>[^}]*)\\}");
        Assert.All(Sources().SelectMany(file => bare.Matches(File.ReadAllText(file))),
            match => Assert.Contains("throw;", match.Groups["body"].Value, StringComparison.Ordinal));
    }

    [Fact]
    public void Only_the_base_class_has_a_stop_token()
    {
        // The provider of the drive is not a cmdlet and has a base class of PowerShell.
        Assert.Equal(["SandboxCommandBase.cs", "SandboxProvider.cs"],
            Sources().Where(file => File.ReadAllText(file).Contains("override void StopProcessing", StringComparison.Ordinal)).Select(Path.GetFileName)
                .Order(StringComparer.Ordinal));
    }

    private static IEnumerable<string> Sources() => Directory.EnumerateFiles(Paths.ModuleSource, "*.cs", SearchOption.AllDirectories)
        .Where(file => !file.Contains("/obj/", StringComparison.Ordinal) && !file.Contains("/bin/", StringComparison.Ordinal));

    private static CmdletInfo[] Cmdlets()
    {
        using PowerShellEngine engine = new();
        return [.. engine.Run("Get-Command -Module Sandbox").Clean.Output.Select(item => (CmdletInfo)item.BaseObject)];
    }
}
