using System.Management.Automation;

namespace Sandbox.Tests;

/// <summary>Input that is streamed while the command runs.</summary>
public sealed class StreamingInputTests(SandboxFixture fixture) : IClassFixture<SandboxFixture>
{
    private readonly Engine _engine = fixture.Engine;

    [Fact]
    public void Input_of_any_size_arrives_exactly()
    {
        byte[] bytes = new byte[30_000_000];
        Random.Shared.NextBytes(bytes);
        string hash = Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(bytes));
        Assert.Equal([$"{hash}  -"], _engine.Run("Invoke-SandboxCommand sha256sum -Sandbox $Box -InputObject $Bytes", ("Bytes", bytes)).Texts);
        Assert.Equal([$"{hash}  -"], _engine.Run("Invoke-SandboxCommand sha256sum -Sandbox $Box -InputObject $Stream", ("Stream", new MemoryStream(bytes))).Texts);
        Assert.Equal(["200000 1288895"], _engine.Run("1..200000 | Invoke-SandboxCommand 'wc | awk \"{print \\$1, \\$3}\"' -Sandbox $Box").Texts.Select(text => text.Trim()));
    }

    [Fact]
    public void A_command_that_does_not_read_its_input_does_not_hang()
    {
        Assert.Equal(["done"], _engine.Run("Invoke-SandboxCommand 'echo done' -Sandbox $Box -InputObject $Bytes", ("Bytes", new byte[20_000_000])).Texts);
        Assert.Equal(["1"], _engine.Run("1..300000 | Invoke-SandboxCommand 'head -n 1' -Sandbox $Box").Texts);
        Assert.Equal(["3"], _engine.Run("1..300000 | Invoke-SandboxCommand 'exit 3' -Sandbox $Box; $LASTEXITCODE").Texts);
    }

    [Fact]
    public void A_command_that_is_slow_to_read_slows_the_pipeline()
    {
        EngineResult result = _engine.Run(
            """
            $chunk = [byte[]]::new(1MB)
            $read = 1..48 | ForEach-Object { $last = [DateTimeOffset]::UtcNow.ToUnixTimeMilliseconds(); , $chunk } | Invoke-SandboxCommand 'sleep 1.5; date +%s%3N; cat > /dev/null' -Sandbox $Box
            $last -ge [long]$read
            """);
        Assert.Equal(["True"], result.Texts);
    }

    [Fact]
    public void What_a_command_writes_while_it_reads_does_not_block_it() =>
        Assert.Equal(["20000000"], _engine.Run("$n = 0; Invoke-SandboxCommand cat -Sandbox $Box -AsByteStream -InputObject $Bytes | ForEach-Object { $n += $_.Length }; $n", ("Bytes", new byte[20_000_000])).Texts);

    [Fact]
    public void Several_named_targets_all_read_the_whole_input()
    {
        EngineResult result = _engine.Run(
            """
            $many = 1..3 | ForEach-Object { New-SandboxSession -Sandbox $Box }
            1..100000 | Invoke-SandboxCommand 'wc -l' -Session $many
            1..100000 | Invoke-SandboxCommand 'wc -l' -Session $many -ThrottleLimit 1
            1..100000 | Invoke-SandboxCommand 'wc -l' -Session $many[0], $many[0]
            """);
        Assert.Equal(Enumerable.Repeat("100000", 8), result.Texts);
    }

    [Fact]
    public void Large_and_small_inputs_of_one_session_follow_each_other() =>
        Assert.Equal(["500000", "1", "500000", "0"], _engine.Run(
            """
            $s = New-SandboxSession -Sandbox $Box
            Invoke-SandboxCommand 'wc -c' -Session $s -InputObject $Bytes
            'a' | Invoke-SandboxCommand 'wc -l' -Session $s
            Invoke-SandboxCommand 'wc -c' -Session $s -InputObject $Bytes
            Invoke-SandboxCommand 'wc -c' -Session $s
            """, ("Bytes", new byte[500_000])).Texts);

    [Fact]
    public void From_a_session_into_the_same_session_does_not_hang() =>
        Assert.Equal(["20000000"], _engine.Run(
            "$s = New-SandboxSession -Sandbox $Box; Invoke-SandboxCommand 'head -c 20000000 /dev/zero' -Session $s -AsByteStream | Invoke-SandboxCommand 'wc -c' -Session $s").Texts);

    [Fact]
    public void A_null_in_the_middle_of_input_is_an_error_and_ends_the_command()
    {
        EngineResult result = _engine.Run("'a', $null, 'b' | Invoke-SandboxCommand 'cat > half; echo whole > whole' -Sandbox $Box");
        Assert.Equal(("InvalidArgument", 0), (result.ErrorId, result.Output.Count));
        Assert.Equal(["no"], _engine.Run("Invoke-SandboxCommand 'test -e whole || echo no' -Sandbox $Box").Texts);
    }

    [Fact]
    public void Stop_while_the_pipeline_waits_for_the_command_to_read_ends_both()
    {
        using Engine busy = new();
        using PowerShell shell = busy.Prepare("$Box | New-SandboxSession reader > $null; Invoke-SandboxCommand 'echo begun; sleep 600' -Session \"$Box/reader\" -InputObject $Bytes",
            ("Box", fixture.Box), ("Bytes", new byte[50_000_000]));
        PSDataCollection<PSObject> output = [];
        shell.BeginInvoke<PSObject, PSObject>(null, output);
        Wait.Until(() => output.Count == 1, "the command has begun");
        shell.Stop();
        Wait.Until(() => _engine.Run("(Get-SandboxSession reader -Sandbox $Box).State").Texts is ["Idle"], "the command is gone");
    }

    [Fact]
    public void A_stream_without_end_ends_with_the_command_that_reads_it() =>
        Assert.Equal(["1000"], _engine.Run("Invoke-SandboxCommand 'head -c 1000 | wc -c' -Sandbox $Box -InputObject $Stream", ("Stream", new EndlessStream())).Texts);

    [Fact]
    public void What_a_command_writes_is_emitted_while_its_stream_has_nothing_to_give()
    {
        // The stream ends only when the command's answer to its beginning was seen.
        using QuietStream stream = new();
        Assert.Equal(["got first", "ended"], _engine.Run(
            "Invoke-SandboxCommand 'read a; echo got $a; cat; echo ended' -Sandbox $Box -InputObject $Stream | ForEach-Object { $_; $Stream.Finish() }", ("Stream", stream)).Texts);
    }

    [Fact]
    public void Stop_while_a_stream_has_nothing_to_give_ends_the_command()
    {
        using QuietStream stream = new();
        using Engine busy = new();
        using PowerShell shell = busy.Prepare("$null = $Box | New-SandboxSession quiet; Invoke-SandboxCommand 'read a; echo got $a; cat' -Session \"$Box/quiet\" -InputObject $Stream",
            ("Box", fixture.Box), ("Stream", stream));
        PSDataCollection<PSObject> output = [];
        shell.BeginInvoke<PSObject, PSObject>(null, output);
        Wait.Until(() => output.Count == 1, "the command reads");
        shell.Stop();
        Assert.Equal(PSInvocationState.Stopped, shell.InvocationStateInfo.State);
        Wait.Until(() => _engine.Run("(Get-SandboxSession quiet -Sandbox $Box).State").Texts is ["Idle"], "the command is gone");
    }

    [Fact]
    public void A_stream_that_fails_is_an_error_and_ends_the_command()
    {
        EngineResult result = _engine.Run("Invoke-SandboxCommand 'cat > half-stream; echo whole > whole-stream' -Sandbox $Box -InputObject $Stream", ("Stream", new FailingStream()));
        Assert.Equal(("InputFailed", ErrorCategory.ReadError), (result.ErrorId, result.Error.CategoryInfo.Category));
        Assert.Contains("The archive is damaged.", result.Error.Exception.Message, StringComparison.Ordinal);
        Assert.Equal(["no"], _engine.Run("Invoke-SandboxCommand 'test -e whole-stream || echo no' -Sandbox $Box").Texts);
    }

    [Fact]
    public void WhatIf_reads_nothing_of_a_stream() =>
        Assert.Empty(_engine.Run("Invoke-SandboxCommand cat -Sandbox $Box -InputObject $Stream -WhatIf", ("Stream", new FailingStream())).Texts);

    [Fact]
    public void Two_hundred_megabytes_pass_without_growing_any_process()
    {
        // The command reads nothing at first: whoever does not hold back collects it all meanwhile.
        using SandboxHome home = new();
        string[] grown = PowerShellProcess.Run(home,
            """
            $box = New-Sandbox flat
            $server = (Get-SandboxServer).ProcessId
            $ofAgent = 'for p in /proc/[0-9]*; do if tr "\0" " " < $p/cmdline | grep -q "sandbox-[a]gent"; then sed -n "s/VmHWM://p" $p/status; fi; done'
            function Get-Peak {
                foreach ($id in 'self', $server) {
                    $line = [IO.File]::ReadAllLines("/proc/$id/status") | Where-Object { $_ -like 'VmHWM:*' }
                    [long]($line -replace '[^0-9]')
                }
                $most = 0
                Invoke-SandboxCommand $ofAgent -Sandbox $box -StandardError Null | ForEach-Object { $most = [Math]::Max($most, [long]($_ -replace '[^0-9]')) }
                $most
            }
            $chunk = [byte[]]::new(1MB)
            $null = 1..10 | ForEach-Object { , $chunk } | Invoke-SandboxCommand 'wc -c' -Sandbox $box
            $before = @(Get-Peak)
            1..200 | ForEach-Object { , $chunk } | Invoke-SandboxCommand 'sleep 2; wc -c' -Sandbox $box
            $after = @(Get-Peak)
            foreach ($i in 0..2) { if ($before[$i] -eq 0) { throw 'not measured' }; $after[$i] - $before[$i] }
            """).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal("209715200", grown[0]);
        Assert.All(grown[1..], kilobytes => Assert.InRange(long.Parse(kilobytes, System.Globalization.CultureInfo.InvariantCulture), 0, 80 * 1024));
        Assert.Equal(4, grown.Length);
    }

    [Fact]
    public void Text_and_a_place_from_one_pipeline_are_refused_in_either_order()
    {
        Assert.Equal("InvalidArgument", _engine.Run("'text', $Box | Invoke-SandboxCommand 'touch mixed' -Sandbox $Box").ErrorId);
        Assert.Equal("InvalidArgument", _engine.Run("$Box, 'text' | Invoke-SandboxCommand 'true'").ErrorId);
    }
}
