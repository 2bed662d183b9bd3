using System.Management.Automation;

namespace Sandbox.Tests;

/// <summary>Code contexts from PowerShell down to the interpreter in the sandbox.</summary>
public sealed class CodeTests(SandboxFixture fixture) : IClassFixture<SandboxFixture>
{
    private static readonly byte[] PngSignature = [0x89, (byte)'P', (byte)'N', (byte)'G', 0x0d, 0x0a, 0x1a, 0x0a];

    private readonly Engine _engine = fixture.Engine;

    [Theory]
    [InlineData("python", "x = 20", "print(x + 1)\nx + 2")]
    [InlineData("javascript", "const x = 20", "console.log(x + 1); x + 2")]
    public void Printed_lines_come_first_then_what_the_code_shows_and_state_lasts(string language, string first, string second)
    {
        EngineResult result = _engine.Run(
            "$c = New-SandboxCodeContext $language -Sandbox $Box; $c | Invoke-SandboxCode $first; Invoke-SandboxCode $second -Context $c",
            ("language", language), ("first", first), ("second", second));
        Assert.Equal(["21", "22"], result.Texts);
        Assert.Equal([typeof(string).FullName, "Sandbox.SandboxCodeOutput"], result.Output.Select(item => item.BaseObject.GetType().FullName));
    }

    [Fact]
    public void Where_no_context_is_named_it_is_the_default_one_of_the_language_and_the_session()
    {
        Assert.Equal(["1", "2", "unset", "3"], _engine.Run(
            """
            Invoke-SandboxCode 'n = 1; print(n)' -Sandbox $Box
            $Box | Invoke-SandboxCode 'print(n + 1)'
            $s = New-SandboxSession -Sandbox $Box -WorkingDirectory /workspace/in-session -Environment @{ WHO = 'session' }
            $s | Invoke-SandboxCode 'print("set" if "n" in globals() else "unset")'
            Invoke-SandboxCode 'console.log(3)' -Language js -Sandbox $Box
            """).Texts);
        Assert.Equal(["/workspace/in-session session"], _engine.Run("$s | Invoke-SandboxCode 'import os; print(os.getcwd(), os.environ[\"WHO\"])'").Texts);
        Assert.Equal(["python"], _engine.Run("Get-SandboxCodeContext -Sandbox $Box | Where-Object { $_.IsDefault -and $_.SessionId -eq $s.Id } | ForEach-Object Language").Texts);
    }

    [Fact]
    public void Code_comes_as_a_parameter_from_the_pipeline_or_from_a_file_of_this_machine()
    {
        string file = Path.Combine(Path.GetTempPath(), $"{fixture.Id}.js");
        File.WriteAllText(file, "console.log('from file')");
        try
        {
            Assert.Equal(["0", "1", "from file"], _engine.Run(
                """
                'for i in range(2):', '    print(i)' | Invoke-SandboxCode -Sandbox $Box
                Invoke-SandboxCode -FilePath $file -Sandbox $Box
                """, ("file", file)).Texts);
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Fact]
    public void A_failure_is_CodeFailed_with_name_value_and_traceback_and_on_a_result_a_property()
    {
        EngineResult failed = _engine.Run("Invoke-SandboxCode \"print('before')`n1 / 0\" -Sandbox $Box");
        Assert.Equal("before", Assert.Single(failed.Output).ToString());
        Assert.Equal(("CodeFailed", ErrorCategory.InvalidResult), (failed.ErrorId, failed.Error.CategoryInfo.Category));
        Assert.Contains("ZeroDivisionError: division by zero", failed.Error.ToString(), StringComparison.Ordinal);
        dynamic error = failed.Error.TargetObject;
        Assert.Equal(("ZeroDivisionError", "division by zero"), ((string)error.Name, (string)error.Value));
        Assert.Contains((string[])error.Traceback, line => line.Contains("1 / 0", StringComparison.Ordinal));

        dynamic result = _engine.Run("Invoke-SandboxCode \"print('before')`n1 / 0\" -Sandbox $Box -AsResult").One;
        Assert.Equal((false, "before\n", "ZeroDivisionError: division by zero"), ((bool)result.Success, (string)result.StandardOutput, (string)result.Error.ToString()));
        Assert.Empty((object[])result.Results);
    }

    [Fact]
    public void A_result_has_outputs_shown_objects_times_and_places()
    {
        dynamic result = _engine.Run("$c = New-SandboxCodeContext js -Sandbox $Box; $c | Invoke-SandboxCode 'console.error(\"e\"); display({ a: 1 }); [1, 2]' -AsResult").One;
        Assert.Equal((true, "", "e\n", 1), ((bool)result.Success, (string)result.StandardOutput, (string)result.StandardError, (int)result.ExecutionCount));
        Assert.Equal(["{ a: 1 }", "[ 1, 2 ]"], ((object[])result.Results).Select(shown => shown.ToString()));
        Assert.Equal(["{\"a\":1}", "[1,2]"], ((object[])result.Results).Select(shown => (string)((dynamic)shown).Json));
        Assert.Equal(_engine.Run("$c.Id").Texts[0], (string)result.ContextId);
        Assert.Equal(fixture.Id, (string)result.SandboxId);
        Assert.True(result.DurationMs > 0);
    }

    [Fact]
    public void Standard_error_is_shown_as_it_comes_and_disturbs_nothing()
    {
        EngineResult result = _engine.Run("$ErrorActionPreference = 'Stop'; Invoke-SandboxCode 'import sys; print(\"warned\", file=sys.stderr); print(\"out\")' -Sandbox $Box; $ErrorActionPreference = 'Continue'");
        Assert.Equal(["out"], result.Texts);
        InformationRecord record = Assert.Single(result.Information);
        Assert.Equal("warned", record.MessageData.ToString());
        Assert.Equal(["PSHOST", "StandardError"], record.Tags);
    }

    [Fact]
    public void A_time_limit_is_CommandTimedOut_and_the_context_keeps_its_state()
    {
        _ = _engine.Run("$c = New-SandboxCodeContext -Sandbox $Box -TimeoutSeconds 60; $c | Invoke-SandboxCode 'kept = 1'").Clean;
        EngineResult result = _engine.Run("$c | Invoke-SandboxCode 'while True: pass' -TimeoutSeconds 0.3");
        Assert.Equal(("CommandTimedOut", ErrorCategory.OperationTimeout), (result.ErrorId, result.Error.CategoryInfo.Category));
        Assert.True(_engine.Run("$c | Invoke-SandboxCode 'while True: pass' -TimeoutSeconds ([timespan]::FromSeconds(0.3)) -AsResult").One.TimedOut);
        Assert.Equal(["1"], _engine.Run("$c | Invoke-SandboxCode 'print(kept)'").Texts);
    }

    [Fact]
    public void A_killed_interpreter_is_told_and_the_next_run_warns_that_it_began_anew()
    {
        EngineResult killed = _engine.Run("$c = New-SandboxCodeContext -Sandbox $Box; $c | Invoke-SandboxCode 'import os; os.kill(os.getpid(), 9)'");
        Assert.Equal("CodeFailed", killed.ErrorId);
        Assert.Contains("InterpreterEnded", killed.Error.ToString(), StringComparison.Ordinal);
        EngineResult next = _engine.Run("$c | Invoke-SandboxCode 'print(1)'");
        Assert.Equal(["1"], next.Texts);
        Assert.Contains("began in a new one", Assert.Single(next.Warnings), StringComparison.Ordinal);
    }

    [Fact]
    public void Stop_interrupts_the_code_and_the_context_keeps_its_state()
    {
        _ = _engine.Run("$c = New-SandboxCodeContext -Sandbox $Box").Clean;
        using Engine busy = new();
        using PowerShell shell = busy.Prepare("$c | Invoke-SandboxCode \"kept = 1`nprint('begun')`nwhile True: pass\"", ("c", _engine.Run("$c").Output[0]));
        PSDataCollection<PSObject> output = [];
        shell.BeginInvoke<PSObject, PSObject>(null, output);
        Wait.Until(() => output.Count == 1, "the first line");
        shell.Stop();
        Assert.Equal(["1"], _engine.Run("$c | Invoke-SandboxCode 'print(kept)'").Texts);
        Assert.Equal(["first"], _engine.Run("$c | Invoke-SandboxCode \"print('first')`nwhile True: pass\" | Select-Object -First 1").Texts);
        Assert.Equal(["1"], _engine.Run("$c | Invoke-SandboxCode 'print(kept)'").Texts);
    }

    [Fact]
    public void Variables_of_one_run_are_its_own_and_secrets_can_be_among_them()
    {
        Assert.Equal(["one hidden", "None None"], _engine.Run(
            """
            $secret = [securestring]::new(); 'hidden'.ToCharArray() | ForEach-Object { $secret.AppendChar($_) }
            $show = 'import os; print(os.environ.get("A"), os.environ.get("B"))'
            Invoke-SandboxCode $show -Sandbox $Box -Environment @{ A = 'one'; B = $secret }
            Invoke-SandboxCode $show -Sandbox $Box
            """).Texts);
    }

    [Fact]
    public void Images_are_kept_as_files_and_none_is_overwritten()
    {
        string directory = Directory.CreateTempSubdirectory("sbc").FullName;
        try
        {
            const string code = "class P:\n  def _repr_png_(self): return b'\\x89PNG\\r\\n\\x1a\\n'\n  def _repr_svg_(self): return '<svg/>'\nP()";
            string[] files = _engine.Run(
                "1..2 | ForEach-Object { Invoke-SandboxCode $code -Sandbox $Box -OutputDirectory $directory } | ForEach-Object Files", ("code", code), ("directory", directory)).Texts;
            Assert.Equal(["result-1.png", "result-1.svg", "result-2.png", "result-2.svg"], files.Select(Path.GetFileName).Order(StringComparer.Ordinal));
            Assert.Equal(PngSignature, File.ReadAllBytes(files[0]));
            Assert.Equal("<svg/>", File.ReadAllText(files[1]));
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    [Fact]
    public void A_matplotlib_figure_comes_back_as_a_PNG_that_is_a_PNG()
    {
        Assert.SkipUnless(Directory.Exists("/usr/lib/python3/dist-packages/matplotlib"), "This machine has no matplotlib: install python3-matplotlib.");
        string directory = Directory.CreateTempSubdirectory("sbc").FullName;
        try
        {
            string file = Assert.Single(_engine.Run(
                "Invoke-SandboxCode \"import matplotlib.pyplot as plt`nplt.plot([1, 2, 3]);`nplt.show()\" -Sandbox $Box -OutputDirectory $directory | ForEach-Object Files", ("directory", directory)).Texts);
            byte[] image = File.ReadAllBytes(file);
            Assert.Equal(PngSignature, image[..8]);
            Assert.Equal("IEND"u8, image.AsSpan(image.Length - 8, 4));
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    [Fact]
    public void Contexts_are_found_by_id_pattern_language_and_sandbox_and_removed()
    {
        _ = _engine.Run("$a = New-SandboxCodeContext -Id find-a -Sandbox $Box; $b = New-SandboxCodeContext js -Id find-b -Sandbox $Box").Clean;
        Assert.Equal(["find-a", "find-b"], _engine.Run("(Get-SandboxCodeContext find-* -Sandbox $Box).Id").Texts);
        Assert.Equal(["find-b"], _engine.Run("(Get-SandboxCodeContext find-* -Language java* -Sandbox $Box).Id").Texts);
        Assert.Equal([$"{fixture.Id}/find-a"], _engine.Run("\"$(Get-SandboxCodeContext $Id/find-a)\"", ("Id", fixture.Id)).Texts);
        Assert.Equal(["find-a"], _engine.Run("(Get-SandboxCodeContext find-a -Sandbox *).Id").Texts);
        Assert.Empty(_engine.Run("$a | Remove-SandboxCodeContext; Remove-SandboxCodeContext find-b -Sandbox $Box; Get-SandboxCodeContext find-* -Sandbox $Box").Texts);
        Assert.Equal("ContextNotFound", _engine.Run("Get-SandboxCodeContext find-a -Sandbox $Box").ErrorId);
        Assert.Equal("ContextNotFound", _engine.Run("Remove-SandboxCodeContext find-a -Sandbox $Box").ErrorId);
        Assert.Equal("ContextNotFound", _engine.Run("$a | Invoke-SandboxCode 1").ErrorId);
    }

    [Fact]
    public void A_context_that_lost_its_type_is_still_one()
    {
        PSObject copy = (PSObject)PSSerializer.Deserialize(PSSerializer.Serialize(_engine.Run("New-SandboxCodeContext -Sandbox $Box").Clean.Output[0]));
        Assert.Equal(["2", "3"], _engine.Run("$copy | Invoke-SandboxCode 'print(2)'; Invoke-SandboxCode 'print(3)' -Context $copy", ("copy", copy)).Texts);
    }

    [Fact]
    public void Many_contexts_run_at_once() => Assert.Equal(
        Enumerable.Range(0, 6).Select(i => $"{i}"),
        _engine.Run(
            """
            $many = 0..5 | ForEach-Object { New-SandboxCodeContext -Sandbox $Box }
            $many | Invoke-SandboxCode "import os, time; open(f'at-once-{os.getpid()}', 'w').close()`nwhile len([n for n in os.listdir() if n.startswith('at-once-')]) < 6: time.sleep(0.01)" -TimeoutSeconds 60
            $i = 0; $many | ForEach-Object { $_ | Invoke-SandboxCode "print($i)"; $i++ }
            $many | Remove-SandboxCodeContext
            """).Texts);

    [Theory]
    [InlineData("Invoke-SandboxCode -Sandbox $Box", "InvalidArgument")]
    [InlineData("'print(1)' | Invoke-SandboxCode 'print(2)' -Sandbox $Box", "InvalidArgument")]
    [InlineData("Invoke-SandboxCode 1 -Context x -Language python -Sandbox $Box", "InvalidArgument")]
    [InlineData("Invoke-SandboxCode -FilePath /no/such/file.py -Sandbox $Box", "InvalidArgument")]
    [InlineData("$Box | Invoke-SandboxCode 1 -Sandbox $Box", "TargetGivenTwice")]
    [InlineData("$Box | Invoke-SandboxCode", "InvalidArgument")]
    [InlineData("$null | Invoke-SandboxCode 1", "InvalidArgument")]
    [InlineData("Invoke-SandboxCode 1 -Context nosuch -Sandbox $Box", "ContextNotFound")]
    [InlineData("Invoke-SandboxCode 1 -Context other/x -Sandbox $Box", "SandboxMismatch")]
    [InlineData("Invoke-SandboxCode 1 -Session nosuch -Sandbox $Box", "SessionNotFound")]
    [InlineData("New-SandboxCodeContext klingon -Sandbox $Box", "LanguageNotAvailable")]
    [InlineData("New-SandboxCodeContext -Id a/b -Sandbox $Box", "InvalidRequest")]
    public void Mistakes_are_told(string script, string id) => Assert.Equal(id, _engine.Run(script).ErrorId);

    [Fact]
    public void WhatIf_runs_and_makes_nothing()
    {
        Assert.Empty(_engine.Run(
            """
            $kept = New-SandboxCodeContext -Id kept-context -Sandbox $Box | Out-Null
            New-SandboxCodeContext -Id never -Sandbox $Box -WhatIf
            Remove-SandboxCodeContext kept-context -Sandbox $Box -WhatIf
            Invoke-SandboxCode "open('what-if', 'w').close()" -Sandbox $Box -WhatIf
            """).Texts);
        Assert.Equal(["kept-context", "False"], _engine.Run(
            "(Get-SandboxCodeContext -Sandbox $Box | Where-Object Id -in never, kept-context).Id; Invoke-SandboxCode 'import os; print(os.path.exists(\"what-if\"))' -Sandbox $Box").Texts);
    }

    [Fact]
    public void A_stopped_sandbox_has_no_contexts_and_is_not_started_to_say_so()
    {
        Assert.Equal(["Stopped"], _engine.Run(
            """
            $own = New-Sandbox; $null = New-SandboxCodeContext -Sandbox $own
            $own | Stop-Sandbox
            Get-SandboxCodeContext -Sandbox $own
            "$((Get-Sandbox $own.Id).State)"
            $own | Remove-Sandbox
            """).Texts);
    }
}
