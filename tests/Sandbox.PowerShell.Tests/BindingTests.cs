using System.Management.Automation;
using System.Reflection;

namespace Sandbox.Tests;

/// <summary>What binds to which parameter, and what never does.</summary>
public sealed class BindingTests(SandboxFixture fixture) : IClassFixture<SandboxFixture>
{
    private readonly Engine _engine = fixture.Engine;

    [Fact]
    public void Nothing_binds_by_property_name_but_files_of_this_machine_to_be_copied()
    {
        IEnumerable<Type> cmdlets = _engine.Run("Get-Command -Module Sandbox").Clean.Output.Select(item => ((CmdletInfo)item.BaseObject).ImplementingType);
        PropertyInfo bound = Assert.Single(cmdlets.SelectMany(type => type.GetProperties()), property => property.GetCustomAttributes<ParameterAttribute>().Any(item => item.ValueFromPipelineByPropertyName));
        Assert.Equal("CopySandboxItemCommand.LiteralPath", $"{bound.DeclaringType!.Name}.{bound.Name}");
    }

    [Fact]
    public void No_object_looks_like_a_path_of_this_machine()
    {
        // By these properties PowerShell's own Remove-Item and its kin would bind it, and delete here what lies in the sandbox.
        string[] traps = ["Path", "LiteralPath", "PSPath", "FullName", "FilePath"];
        IEnumerable<Type> emitted = _engine.Run("Get-Command -Module Sandbox").Clean.Output.SelectMany(item => ((CmdletInfo)item.BaseObject).OutputType)
            .Select(output => output.Type).Where(type => type?.Namespace == nameof(Sandbox)).Distinct();
        Assert.All(emitted, type => Assert.DoesNotContain(type.GetProperties(), property => traps.Contains(property.Name)));
        Assert.StartsWith(fixture.Id + ":/", _engine.Run("New-SandboxItem no-local-path -Sandbox $Box | ForEach-Object { \"$_\" }").Texts[0], StringComparison.Ordinal);
    }

    [Fact]
    public void An_object_of_another_type_with_an_Id_is_not_taken_for_one()
    {
        _ = _engine.Run($"$s = New-SandboxSession {fixture.Id} -Sandbox $Box").Clean;
        foreach (string use in new[] { "$s | Get-Sandbox", "$s | Remove-Sandbox", "$s | Stop-Sandbox", "$s | New-SandboxSession", "$Box | Remove-SandboxSession", "[pscustomobject]@{ Id = 'x' } | Get-SandboxSession", "[pscustomobject]@{ Name = 'x' } | Get-Sandbox" })
        {
            EngineResult result = _engine.Run(use);
            Assert.True(result.Errors.Count + (result.Terminating is null ? 0 : 1) == 1 && result.Output.Count == 0, use);
        }

        Assert.Equal(["True"], _engine.Run("$null -ne (Get-Sandbox $Box)").Texts);
    }

    [Fact]
    public void A_piped_sandbox_and_a_piped_session_each_find_their_parameter()
    {
        _ = _engine.Run("$s = New-SandboxSession bind -Sandbox $Box").Clean;
        Assert.Equal(["bind"], _engine.Run("$s | Get-SandboxSession | ForEach-Object Id").Texts);
        Assert.Contains("bind", _engine.Run("$Box | Get-SandboxSession | ForEach-Object Id").Texts);
        Assert.Equal(["v"], _engine.Run("$s | Set-SandboxEnv BOUND v; ($s | Get-SandboxEnv BOUND).Value").Texts);
    }

    [Fact]
    public void Objects_of_another_process_bind_to_every_Session_and_Sandbox_parameter()
    {
        PSObject session = Copy(_engine.Run("New-SandboxSession copied -Sandbox $Box").Clean.Output[0]);
        PSObject box = Copy(new PSObject(fixture.Box));
        _ = _engine.Run("", ("s", session), ("b", box));
        Assert.Equal(["copied", "v", "v", "True", "copied2"], _engine.Run(
            """
            (Get-SandboxSession copied -Sandbox $b).Id
            Set-SandboxEnv A v -Session $s
            (Get-SandboxEnv A -Session $s).Value
            $s | Get-SandboxEnv A | ForEach-Object Value
            (Get-Sandbox $b).Id -eq "$Box"
            ($b | New-SandboxSession copied2).Id
            """).Texts);
        Assert.Empty(_engine.Run("Remove-SandboxSession $s; $b | Get-SandboxSession copied2 | Remove-SandboxSession; Get-SandboxSession copied* -Sandbox $b").Texts);
    }

    [Fact]
    public void Every_object_survives_serialisation_with_its_key()
    {
        EngineResult made = _engine.Run("$Box; New-SandboxSession -Sandbox $Box; Get-SandboxEnv PATH -Sandbox $Box; Invoke-SandboxCommand true -Sandbox $Box -AsResult; Get-SandboxServer; Test-SandboxServer server").Clean;
        foreach (PSObject item in made.Output)
        {
            PSObject copy = Copy(item);
            Assert.All(item.Properties, property => Assert.NotNull(copy.Properties[property.Name]));
            Assert.StartsWith("Deserialized.Sandbox.", copy.TypeNames[0], StringComparison.Ordinal);
        }
    }

    [Fact]
    public void PSDefaultParameterValues_set_a_parameter_of_all_cmdlets()
    {
        Assert.Equal(["once", "once", "usable"], _engine.Run(
            """
            $PSDefaultParameterValues = @{ '*-Sandbox*:Sandbox' = "$Box"; 'Invoke-SandboxCommand:ThrottleLimit' = 2; '*:ErrorAction' = 'Stop' }
            try {
                (New-SandboxSession once).Id
                (Get-SandboxSession once).Id
                Invoke-SandboxCommand 'echo usable' -Session once
            }
            finally { $PSDefaultParameterValues = @{} }
            """).Texts);
    }

    [Fact]
    public void StrictMode_and_ErrorActionPreference_Stop_change_nothing_but_what_they_should()
    {
        Assert.Equal(["strict", "err", "3", "a=1", "True"], _engine.Run(
            """
            & {
                Set-StrictMode -Version Latest
                $ErrorActionPreference = 'Stop'
                $s = New-SandboxSession strict -Sandbox $Box -Environment @{ a = 1; none = $null }
                $s.Id
                $s | Invoke-SandboxCommand 'echo err >&2; exit 3' -StandardError Output
                $LASTEXITCODE
                'a=' + ($s | Get-SandboxEnv a).Value
                try { Get-SandboxSession nosuch -Sandbox $Box; 'not reached' } catch { $_.FullyQualifiedErrorId.StartsWith('SessionNotFound') }
                $s | Remove-SandboxSession
            }
            """).Texts);
    }

    [Fact]
    public void A_mistyped_variable_is_an_error_everywhere()
    {
        foreach (string use in new[] { "$typo | Get-Sandbox", "$typo | Remove-Sandbox", "$typo | Stop-Sandbox", "Remove-Sandbox $typo", "Stop-Sandbox $typo", "Get-SandboxSession -Sandbox $typo", "New-SandboxSession -Sandbox $typo", "Remove-SandboxSession $typo", "Set-SandboxEnv A b -Session $typo", "Get-SandboxEnv -Session $typo", "New-Sandbox -Server $typo", "Connect-SandboxServer $typo", "New-SandboxSession -WorkingDirectory $typo", "New-Sandbox -Environment $typo" })
        {
            EngineResult result = _engine.Run(use);
            Assert.True(result.ErrorId.StartsWith("ParameterArgument", StringComparison.Ordinal), use);
            Assert.Empty(result.Output);
        }
    }

    [Fact]
    public void Force_replaces_a_session_of_that_id()
    {
        Assert.Equal(["new", "unset"], _engine.Run(
            """
            $old = New-SandboxSession twice -Sandbox $Box -Environment @{ A = 'old' }
            $new = New-SandboxSession twice -Sandbox $Box -Environment @{ B = 'new' } -Force
            $new | Invoke-SandboxCommand 'echo $B; echo ${A-unset}'
            """).Texts);
        Assert.Equal(["fresh"], _engine.Run("(New-SandboxSession fresh -Sandbox $Box -Force).Id").Texts);
    }

    [Fact]
    public void Stop_Sandbox_keeps_files_and_takes_wildcards()
    {
        Assert.Equal(["Stopped", "Stopped", "kept"], _engine.Run(
            """
            $many = New-Sandbox halt1, halt2
            $many | Invoke-SandboxCommand 'echo kept > file'
            Stop-Sandbox halt? -PassThru | ForEach-Object { "$($_.State)" }
            Invoke-SandboxCommand 'cat file' -Sandbox halt1
            """).Texts);
        Assert.Equal(["Stopped"], _engine.Run("$null = Get-SandboxSession -Sandbox *; \"$((Get-Sandbox halt2).State)\"").Texts);
        Assert.Equal("SandboxNotFound", _engine.Run("Stop-Sandbox nosuch").ErrorId);
        Assert.Empty(_engine.Run("Stop-Sandbox nosuch*; Remove-Sandbox halt*").Texts);
    }

    [Fact]
    public void An_id_that_reads_as_a_number_is_still_an_id() =>
        Assert.Equal(["007", "1e3"], _engine.Run("$null = New-Sandbox 007; $null = New-SandboxSession 1e3 -Sandbox 007; (Get-Sandbox 007).Id; (Get-SandboxSession 1e3 -Sandbox 007).Id; Remove-Sandbox 007").Texts);

    [Fact]
    public void A_field_that_the_server_cannot_honour_is_Unsupported() =>
        Assert.Equal(("Unsupported", ErrorCategory.NotImplemented), _engine.Run("New-Sandbox -Engine nosuch") is var result ? (result.ErrorId, result.Error.CategoryInfo.Category) : default);

    private static PSObject Copy(PSObject value) => (PSObject)PSSerializer.Deserialize(PSSerializer.Serialize(value));
}
