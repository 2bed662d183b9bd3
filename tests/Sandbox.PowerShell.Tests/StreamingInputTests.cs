using System.Management.Automation;

namespace Sandbox.Tests;

/// <summary>Input that is streamed while the command runs.</summary>
public sealed class StreamingInputTests(SandboxFixture fixture) : IClassFixture<SandboxFixture>
{
    private readonly PowerShellEngine _engine = fixture.Engine;

    [Fact]
    public void Command_that_reads_nothing_yet_blocks_the_pipeline()
    {
        // More than all buffers on the way hold, so the pipeline cannot hand over all of it while the command does not read.
        const int All = 48;
        PSDataCollection<int> taken = [];
        using PowerShellEngine busy = new();
        using PowerShell shell = busy.Prepare(
            $$"""
            $chunk = [byte[]]::new(1MB)
            1..{{All}} | ForEach-Object { $taken.Add($_); , $chunk } |
                Invoke-SandboxCommand 'echo begun; until [ -e read-now ]; do sleep 0.01; done; wc -c' -Sandbox $Box
            """, ("Box", fixture.Box), ("taken", taken));
        PSDataCollection<PSObject> output = [];
        IAsyncResult running = shell.BeginInvoke<PSObject, PSObject>(null, output);
        Wait.Until(() => output.Count == 1, "the command runs");
        _ = _engine.Run("1..50 | ForEach-Object { Invoke-SandboxCommand true -Sandbox $Box }").Clean;
        Assert.InRange(taken.Count, 1, All - 1);
        _ = _engine.Run("Invoke-SandboxCommand 'touch read-now' -Sandbox $Box").Clean;
        shell.EndInvoke(running);
        Assert.Equal(["begun", $"{All << 20}"], output.Select(line => line.ToString()));
    }

    [Fact]
    public void Stop_while_the_pipeline_is_blocked_ends_the_command()
    {
        using PowerShellEngine busy = new();
        using PowerShell shell = busy.Prepare(
            "$Box | New-SandboxSession reader > $null; Invoke-SandboxCommand 'echo begun; sleep 600' -Session \"$Box/reader\" -InputObject $Bytes",
            ("Box", fixture.Box), ("Bytes", new byte[50_000_000]));
        PSDataCollection<PSObject> output = [];
        shell.BeginInvoke<PSObject, PSObject>(null, output);
        Wait.Until(() => output.Count == 1, "the command has begun");
        shell.Stop();
        Wait.Until(() => _engine.Run("(Get-SandboxSession reader -Sandbox $Box).State").Texts is ["Idle"], "the command is gone");
    }

    [Fact]
    public void Endless_stream_ends_with_the_command_that_reads_it() =>
        Assert.Equal(
            ["1000"], _engine.Run("Invoke-SandboxCommand 'head -c 1000 | wc -c' -Sandbox $Box -InputObject $Stream", ("Stream", new EndlessStream())).Texts);

    [Fact]
    public void Output_is_emitted_while_the_input_stream_blocks()
    {
        // The stream ends only after the output of its beginning was received.
        using BlockingStream stream = new();
        Assert.Equal(["got first", "ended"], _engine.Run(
            "Invoke-SandboxCommand 'read a; echo got $a; cat; echo ended' -Sandbox $Box -InputObject $Stream | ForEach-Object { $_; $Stream.Finish() }",
            ("Stream", stream)).Texts);
    }

    [Fact]
    public void Stop_while_the_input_stream_blocks_ends_the_command()
    {
        using BlockingStream stream = new();
        using PowerShellEngine busy = new();
        using PowerShell shell = busy.Prepare(
            "$null = $Box | New-SandboxSession quiet; Invoke-SandboxCommand 'read a; echo got $a; cat' -Session \"$Box/quiet\" -InputObject $Stream",
            ("Box", fixture.Box), ("Stream", stream));
        PSDataCollection<PSObject> output = [];
        shell.BeginInvoke<PSObject, PSObject>(null, output);
        Wait.Until(() => output.Count == 1, "the command reads");
        shell.Stop();
        Assert.Equal(PSInvocationState.Stopped, shell.InvocationStateInfo.State);
        Wait.Until(() => _engine.Run("(Get-SandboxSession quiet -Sandbox $Box).State").Texts is ["Idle"], "the command is gone");
    }

    [Fact]
    public void Failing_input_stream_is_an_error_and_ends_the_command()
    {
        ScriptResult result = _engine.Run(
            "Invoke-SandboxCommand 'cat > half-stream; echo whole > whole-stream' -Sandbox $Box -InputObject $Stream", ("Stream", new FailingStream()));
        Assert.Equal(("InputFailed", ErrorCategory.ReadError), (result.ErrorId, result.Error.CategoryInfo.Category));
        Assert.Contains("The archive is damaged.", result.Error.Exception.Message, StringComparison.Ordinal);
        Assert.Equal(["no"], _engine.Run("Invoke-SandboxCommand 'test -e whole-stream || echo no' -Sandbox $Box").Texts);
    }

    [Fact]
    public void WhatIf_reads_nothing_from_the_input_stream() =>
        Assert.Empty(_engine.Run("Invoke-SandboxCommand cat -Sandbox $Box -InputObject $Stream -WhatIf", ("Stream", new FailingStream())).Texts);

    [Fact]
    public void Two_hundred_megabytes_of_input_do_not_grow_any_process()
    {
        // The command reads nothing at first: without back-pressure all input would be collected meanwhile.
        using TestHome home = new();
        using PowerShellProcess shell = new(
            home,
            """
            $box = New-Sandbox flat
            'made'
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
            'measured'
            1..200 | ForEach-Object { , $chunk } |
                Invoke-SandboxCommand 'until [ -e read-now ]; do sleep 0.01; done; wc -c' -Sandbox $box
            $after = @(Get-Peak)
            foreach ($i in 0..2) { if ($before[$i] -eq 0) { throw 'not measured' }; $after[$i] - $before[$i] }
            """);
        Assert.Equal(["made", "measured"], [shell.ReadLine(), shell.ReadLine()]);
        PowerShellProcess.Run(
            home, "1..50 | ForEach-Object { Invoke-SandboxCommand true -Sandbox flat }; Invoke-SandboxCommand 'touch read-now' -Sandbox flat");
        Assert.Equal("209715200", shell.ReadLine());
        (int code, string output, string errors) = shell.Finish();
        Assert.Equal((0, ""), (code, errors));
        string[] grown = output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(3, grown.Length);
        Assert.All(grown, kilobytes => Assert.InRange(long.Parse(kilobytes, System.Globalization.CultureInfo.InvariantCulture), 0, 80 * 1024));
    }
}
