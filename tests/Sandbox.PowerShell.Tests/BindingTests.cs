using System.Management.Automation;
using System.Reflection;

namespace Sandbox.Tests;

/// <summary>Which objects bind to which parameters.</summary>
public sealed class BindingTests(SandboxFixture fixture) : IClassFixture<SandboxFixture>
{
    private readonly PowerShellEngine _engine = fixture.Engine;

    [Fact]
    public void Only_local_files_to_copy_bind_by_property_name()
    {
        IEnumerable<Type> cmdlets = _engine.Run("Get-Command -Module Sandbox").Clean.Output.Select(item => ((CmdletInfo)item.BaseObject).ImplementingType);
        PropertyInfo bound = Assert.Single(
            cmdlets.SelectMany(type => type.GetProperties()),
            property => property.GetCustomAttributes<ParameterAttribute>().Any(item => item.ValueFromPipelineByPropertyName));
        Assert.Equal("CopySandboxItemCommand.LiteralPath", $"{bound.DeclaringType!.Name}.{bound.Name}");
    }

    [Fact]
    public void No_object_binds_as_a_local_path()
    {
        // By these properties Remove-Item and similar cmdlets would bind a sandbox item and delete the local file of the same path.
        string[] traps = ["Path", "LiteralPath", "PSPath", "FullName", "FilePath"];
        IEnumerable<Type> emitted = _engine.Run("Get-Command -Module Sandbox").Clean.Output.SelectMany(item => ((CmdletInfo)item.BaseObject).OutputType)
            .Select(output => output.Type).Where(type => type?.Namespace == nameof(Sandbox)).Distinct();
        Assert.All(emitted, type => Assert.DoesNotContain(type.GetProperties(), property => traps.Contains(property.Name)));
        Assert.StartsWith(
            fixture.Id + ":/", _engine.Run("New-SandboxItem no-local-path -Sandbox $Box | ForEach-Object { \"$_\" }").Texts[0], StringComparison.Ordinal);
    }

    [Fact]
    public void Every_object_keeps_its_key_through_serialisation()
    {
        ScriptResult made = _engine.Run(
            "$Box; New-SandboxSession -Sandbox $Box; Get-SandboxEnv PATH -Sandbox $Box; Invoke-SandboxCommand true -Sandbox $Box -AsResult; " +
            "Get-SandboxServer; Test-SandboxServer server").Clean;
        foreach (PSObject item in made.Output)
        {
            PSObject copy = Copy(item);
            Assert.All(item.Properties, property => Assert.NotNull(copy.Properties[property.Name]));
            Assert.StartsWith("Deserialized.Sandbox.", copy.TypeNames[0], StringComparison.Ordinal);
        }
    }

    private static PSObject Copy(PSObject value) => (PSObject)PSSerializer.Deserialize(PSSerializer.Serialize(value));
}
