namespace Sandbox.Tests;

/// <summary>What a user sees at the prompt: pwsh with PSReadLine in a real terminal.</summary>
public sealed class InteractiveTests : IDisposable
{
    private readonly TestHome _home = new();
    private readonly string _mark = UniqueSleep.Next();

    [Fact]
    public void Results_are_shown_as_a_table_and_standard_error_as_lines()
    {
        using TmuxTerminal terminal = new(_home);
        terminal.Enter("New-Sandbox shown", "bubblewrap");
        Assert.Contains("Id                   State", terminal.Screen, StringComparison.Ordinal);
        terminal.Enter("Invoke-SandboxCommand 'echo out; echo warned >&2' -Sandbox shown", "\nwarned\n");
        terminal.WaitFor("\nout\n");
    }

    [Fact]
    public void Errors_are_shown_in_the_concise_view()
    {
        using TmuxTerminal terminal = new(_home);
        terminal.Enter("Get-Sandbox nosuch", "\nGet-Sandbox: There is no sandbox 'nosuch'.\n");
    }

    [Fact]
    public void Tab_completes_cmdlets_parameters_and_ids()
    {
        using TmuxTerminal terminal = new(_home);
        terminal.Enter("$null = New-Sandbox completed; 'made'", "\nmade\n");
        terminal.Type("Invoke-SandboxCom");
        terminal.Press("Tab");
        terminal.WaitFor($"\n{terminal.Prompt}Invoke-SandboxCommand\n");
        terminal.Type(" 'echo here' -Sandb");
        terminal.Press("Tab");
        terminal.WaitFor("-Sandbox\n");
        terminal.Type(" compl");
        terminal.Press("Tab");
        terminal.WaitFor("-Sandbox completed\n");
        terminal.Press("Enter");
        terminal.WaitFor("\nhere\n");
    }

    [Fact]
    public void Ctrl_C_stops_the_remote_command_and_not_the_shell()
    {
        using TmuxTerminal terminal = new(_home);
        terminal.Enter("$s = New-SandboxSession int; $kept = 'kept'; $s | Invoke-SandboxCommand 'state=remains'; 'made'", "\nmade\n");
        terminal.Enter($"$s | Invoke-SandboxCommand 'echo begun; sleep {_mark}'; 'not reached'", "\nbegun\n");
        Assert.True(UniqueSleep.IsRunning(_mark));
        terminal.Press("C-c");
        terminal.WaitFor($"\n{terminal.Prompt.TrimEnd()}\n");
        Wait.Until(() => !UniqueSleep.IsRunning(_mark), "the remote process is gone");
        terminal.Enter("\"$kept $($s | Invoke-SandboxCommand 'echo $state')\"", "\nkept remains\n");
        Assert.DoesNotContain("\nnot reached\n", terminal.Screen, StringComparison.Ordinal);
        terminal.Enter("exit 4", "left with 4");
    }

    [Fact]
    public void Waiting_for_the_running_command_of_the_session_is_shown()
    {
        using TmuxTerminal terminal = new(_home);
        terminal.Enter($"$s = New-SandboxSession busy; $job = $s | Invoke-SandboxCommand 'echo begun; sleep {_mark}' -AsJob; 'made'", "\nmade\n");
        terminal.Enter("$s | Invoke-SandboxCommand 'echo mine'", "has been running since");
        terminal.Press("C-c");
        terminal.WaitFor($"\n{terminal.Prompt.TrimEnd()}\n");
        terminal.Enter("$job | Stop-Job; $s | Invoke-SandboxCommand 'echo next'", "\nnext\n");
    }

    [Fact]
    public void Confirm_asks_before_a_sandbox_is_created()
    {
        using TmuxTerminal terminal = new(_home);
        terminal.Enter("New-Sandbox asked -Confirm", "(default is \"Y\"):");
        terminal.Enter("n", $"\n{terminal.Prompt.TrimEnd()}\n");
        terminal.Enter("\"boxes: $(@(Get-Sandbox).Count)\"", "\nboxes: 0\n");
    }

    [Fact]
    public void Drive_can_be_the_current_location()
    {
        using TmuxTerminal terminal = new(_home);
        terminal.Enter("$null = New-PSDrive box Sandbox /workspace; cd box:/; $null = New-Item sub -ItemType Directory; cd sub", "\nPS box:/sub>");
        terminal.Enter("Set-Content ../plain.txt text; Get-Content ../plain.txt; (Get-Location).Path", "\nbox:/sub\n");
    }

    [Fact]
    public void Terminal_hang_up_ends_the_remote_command()
    {
        using (TmuxTerminal terminal = new(_home))
        {
            terminal.Enter($"Invoke-SandboxCommand 'echo begun; sleep {_mark}'", "\nbegun\n");
        }

        Wait.Until(() => !UniqueSleep.IsRunning(_mark), "the remote process is gone");
    }

    public void Dispose() => _home.Dispose();
}
