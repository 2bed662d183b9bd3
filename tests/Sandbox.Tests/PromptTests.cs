namespace Sandbox.Tests;

public sealed class PromptTests : IDisposable
{
    private static int s_next = 800_000;

    private readonly SandboxHome _home = new();
    private readonly int _mark = Interlocked.Increment(ref s_next);

    private string History => Path.Combine(_home.Folder, "shell-history");

    [Fact]
    public void A_command_is_run_and_its_result_is_shown_as_a_table()
    {
        using Terminal terminal = new(_home);
        terminal.Enter("1 + 2", "\n3\n");
        terminal.Enter("New-Sandbox shown", "bubblewrap");
        Assert.Contains("Id                   State", terminal.Screen, StringComparison.Ordinal);
        terminal.Enter("Invoke-SandboxCommand 'echo out; echo warned >&2' -Sandbox shown", "\nwarned\n");
        terminal.WaitFor("\nout\n");
    }

    [Fact]
    public void Errors_are_shown_in_the_concise_view_and_the_shell_goes_on()
    {
        using Terminal terminal = new(_home);
        terminal.Enter("Get-Sandbox nosuch", "\nGet-Sandbox: There is no sandbox 'nosuch'.\n");
        terminal.Enter("throw 'boom'", "boom\n");
        terminal.Enter("1 +* 2", "ParserError");
        terminal.Enter("$Error.Count", "\n3\n");
        terminal.Enter("nosuchthing", "The term 'nosuchthing' is not recognized");
    }

    [Fact]
    public void A_cmdlet_that_only_full_PowerShell_has_is_said_to_be_missing()
    {
        using Terminal terminal = new(_home);
        terminal.Enter("1, 2 | Select-Object -First 1", "Select-Object: 'Select-Object' is part of full PowerShell; this small host has only the engine.");
        terminal.Enter("cd /tmp", "Set-Location: 'Set-Location' is part of full PowerShell; this small host has only the engine.");
    }

    [Fact]
    public void A_line_can_be_edited()
    {
        using Terminal terminal = new(_home);
        terminal.Type("one two thre'");
        terminal.Press("Left");
        terminal.Type("e");
        terminal.Press("Home");
        terminal.Type("x'");
        terminal.Press("C-Right", "C-Right");
        terminal.Type("!");
        terminal.Press("Home", "DC", "End");
        terminal.Type(" + 'gone'");
        terminal.Press("C-w", "BSpace", "BSpace");
        terminal.Press("BSpace", "BSpace", "Enter");
        terminal.WaitFor("\none two! three\n");

        terminal.Type("'cut'");
        terminal.Press("C-u", "C-y");
        terminal.Type("; 'rest'");
        terminal.Press("C-a", "C-k", "C-y", "Enter");
        terminal.WaitFor("\ncut\nrest\n");

        terminal.Press("C-l");
        Wait.Until(() => terminal.Screen == terminal.Prompt.TrimEnd(), "the screen is empty but for the prompt");
    }

    [Fact]
    public void A_long_line_wraps_and_wide_characters_take_two_cells()
    {
        using Terminal terminal = new(_home, width: 30);
        terminal.Type($"'{new string('a', 50)}日本語'.Length + 1000");
        terminal.Press("Home", "Right");
        terminal.Type("日本");
        terminal.Press("Left", "BSpace");
        terminal.Press("Enter");
        terminal.WaitFor("\n1054\n");
        Assert.Contains("'本aaa", terminal.Screen, StringComparison.Ordinal);
    }

    [Fact]
    public void Input_goes_on_while_the_parser_says_incomplete()
    {
        using Terminal terminal = new(_home);
        terminal.Type("if ($true) {");
        terminal.Press("Enter");
        terminal.WaitFor("\n>>");
        terminal.Type("'in");
        terminal.Press("Enter");
        terminal.Type("side'");
        terminal.Press("Enter");
        terminal.Type("}");
        terminal.Press("Enter");
        terminal.WaitFor("\nin\nside\n");

        // Recalled as a whole, and its lines are walked by the arrows.
        terminal.Press("Up", "Up", "Up", "Home");
        terminal.Type("new ");
        terminal.Press("Enter");
        terminal.WaitFor("\n>>");
        terminal.Press("C-c");
        terminal.WaitFor("^C");
        terminal.Enter("'usable'", "\nusable\n");
    }

    [Fact]
    public void History_is_kept_for_the_next_shell_for_the_user_alone_and_without_what_looks_like_a_secret()
    {
        using (Terminal first = new(_home))
        {
            first.Enter("'kept ' + 'one'", "\nkept one\n");
            first.Enter("$token = 'x' + 'yz'; $token", "\nxyz\n");
            first.Enter("'kept \\n ' + 'two'", "\nkept \\n two\n");
            first.Type("draft");
            first.Press("Up", "Up", "Down", "Down");
            first.WaitFor($"\n{first.Prompt}draft\n");
            first.Press("C-u", "Up", "Up", "Up", "Enter");
            first.WaitFor("kept one\n" + first.Prompt.TrimEnd() + "\n");
        }

        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(History));
        Assert.DoesNotContain("xyz", File.ReadAllText(History), StringComparison.Ordinal);
        Assert.DoesNotContain("token", File.ReadAllText(History), StringComparison.Ordinal);

        using Terminal second = new(_home);
        second.Press("Up", "Up", "Enter");
        second.WaitFor("\nkept \\n two\n");
    }

    [Fact]
    public void Tab_completes_and_lists_what_is_possible()
    {
        using Terminal terminal = new(_home);
        terminal.Type("Invoke-SandboxCom");
        terminal.Press("Tab");
        terminal.WaitFor($"\n{terminal.Prompt}Invoke-SandboxCommand\n");
        terminal.Type(" 'x' -AsRes");
        terminal.Press("Tab");
        terminal.WaitFor("-AsResult\n");
        terminal.Press("C-u");
        terminal.Type("new-sandbox");
        terminal.Press("Tab", "Tab");
        terminal.WaitFor("\nNew-Sandbox ");
        Assert.Contains("New-SandboxSession\n", terminal.Screen, StringComparison.Ordinal);
        Assert.EndsWith("New-Sandbox", terminal.Screen, StringComparison.Ordinal);
        terminal.Press("C-u");
        terminal.Enter("$longNameOfMine = 5", terminal.Prompt.TrimEnd());
        terminal.Type("$longN");
        terminal.Press("Tab", "Enter");
        terminal.WaitFor("\n5\n");
    }

    [Fact]
    public void Interrupt_at_the_prompt_takes_the_line_back()
    {
        using Terminal terminal = new(_home);
        terminal.Type("'not run'");
        terminal.Press("C-c");
        terminal.WaitFor("'not run'^C");
        terminal.Enter("'run'", "\nrun\n");
        Assert.DoesNotContain("\nnot run\n", terminal.Screen, StringComparison.Ordinal);
    }

    [Fact]
    public void Interrupt_stops_the_running_command_with_its_remote_processes_and_not_the_shell()
    {
        using Terminal terminal = new(_home);
        terminal.Enter("$s = New-SandboxSession int; $kept = 'kept'; $s | Invoke-SandboxCommand 'state=remains'; 'made'", "\nmade\n");
        terminal.Enter($"$s | Invoke-SandboxCommand 'echo begun; sleep {_mark}'; 'not reached'", "\nbegun\n");
        Assert.True(IsRunning());
        terminal.Press("C-c");
        terminal.WaitFor($"^C\n{terminal.Prompt.TrimEnd()}\n");
        Wait.Until(() => !IsRunning(), "the remote process is gone");
        terminal.Enter("\"$kept $($s | Invoke-SandboxCommand 'echo $state')\"", "\nkept remains\n");
        Assert.DoesNotContain("\nnot reached\n", terminal.Screen, StringComparison.Ordinal);
        terminal.Enter("exit 4", "left with 4");
    }

    [Theory]
    [InlineData("exit 7", "Enter", 7)]
    [InlineData("throw 'boom'; exit 3", "Enter", null)]
    [InlineData("exit", "Enter", 0)]
    [InlineData("", "C-d", 0)]
    [InlineData("1", "C-d", null)]
    public void Exit_and_end_of_input_leave_with_the_exit_code(string typed, string key, int? code)
    {
        using Terminal terminal = new(_home);
        terminal.Type(typed);
        terminal.Press(key);
        if (code is null)
        {
            terminal.Press("C-c");
            terminal.Enter("'still here'", "\nstill here\n");
        }
        else
        {
            terminal.WaitFor($"left with {code}");
        }
    }

    [Fact]
    public void A_question_is_asked_and_answered()
    {
        using Terminal terminal = new(_home);
        terminal.Enter("New-Sandbox asked -Confirm", "(default is \"Y\"):");
        terminal.Enter("?", "\nL - ");
        terminal.Enter("n", $"\n{terminal.Prompt.TrimEnd()}\n");
        terminal.Enter("\"boxes: $(@(Get-Sandbox).Count)\"", "\nboxes: 0\n");
        terminal.Enter("Invoke-SandboxCommand", "Command:");
        terminal.Press("C-c");
        terminal.Enter("'usable'", "\nusable\n");
    }

    [Fact]
    public void What_is_typed_ahead_is_run_afterwards()
    {
        using Terminal terminal = new(_home);
        terminal.Enter("Invoke-SandboxCommand 'echo begun; sleep 1; echo done'", "\nbegun\n");
        terminal.Type("'a' + 'head'");
        terminal.Press("Enter");
        terminal.WaitFor("\nahead\n");
        Assert.Contains("\ndone\n", terminal.Screen, StringComparison.Ordinal);
    }

    [Fact]
    public void A_terminal_that_goes_away_ends_the_shell_and_the_remote_command()
    {
        using (Terminal terminal = new(_home))
        {
            terminal.Enter($"Invoke-SandboxCommand 'echo begun; sleep {_mark}'", "\nbegun\n");
        }

        Wait.Until(() => !IsRunning(), "the remote process is gone");
    }

    public void Dispose() => _home.Dispose();

    // Seen from the host, where the processes of all sandboxes are.
    private bool IsRunning() => Directory.EnumerateDirectories("/proc").Any(process =>
    {
        try
        {
            return File.ReadAllText(Path.Combine(process, "cmdline")) == $"sleep\0{_mark}\0";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    });
}
