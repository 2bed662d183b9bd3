namespace Sandbox.Tests;

/// <summary>Enter-SandboxSession in a real terminal provided by tmux.</summary>
public sealed class EnterSessionTests : IDisposable
{
    private const string Remote = "sandbox@sandbox:/workspace$";

    private readonly TestHome _home = new();

    [Fact]
    public void Exit_leaves_the_session_and_restores_the_console()
    {
        using TmuxTerminal terminal = new(_home);
        terminal.Enter("$s = New-SandboxSession work -Environment @{ OF_SESSION = 'seen' }; Enter-SandboxSession $s", Remote);
        terminal.Enter("echo \"$OF_SESSION $((6 * 7))\"; tty; stty size", "\nseen 42\n/dev/pts/");
        terminal.WaitFor("\n40 100\n");
        terminal.Type("exit 3");
        terminal.Press("Enter");
        terminal.WaitForPrompt();

        // Echo, line editing and line ends are restored.
        terminal.Enter("\"code $LASTEXITCODE\"", "\ncode 3\n");
        terminal.Type("'ab'");
        terminal.WaitFor($"\n{terminal.Prompt}'ab'\n");
        terminal.Press("C-u");
        terminal.Enter("(Get-SandboxSession).Id", "\nwork\n");
    }

    [Fact]
    public void Without_a_session_one_is_created_and_removed_on_leaving()
    {
        using TmuxTerminal terminal = new(_home);
        terminal.Enter("New-Sandbox box | Enter-SandboxSession", Remote);
        using (PowerShellEngine engine = Connected())
        {
            Assert.Single(engine.Run("Get-SandboxSession -Sandbox box").Clean.Output);
        }

        terminal.Press("C-d");
        terminal.WaitForPrompt();
        terminal.Enter("\"left: $(@(Get-SandboxSession -Sandbox box).Count)\"", "\nleft: 0\n");
    }

    [Fact]
    public void Ctrl_C_Ctrl_Z_and_Ctrl_D_go_to_the_sandbox()
    {
        using TmuxTerminal terminal = new(_home);
        terminal.Enter("Enter-SandboxSession", Remote);
        terminal.Enter("echo begun; sleep 1000", "\nbegun\n");
        terminal.Press("C-c");
        terminal.Enter("echo \"code $?\"", "\ncode 130\n");

        // Printed by the program to be stopped: before it has the terminal, the shell would get the key and ignore it.
        terminal.Enter("sh -c 'echo again; exec sleep 1000'", "\nagain\n");
        terminal.Press("C-z");
        terminal.WaitFor("Stopped");
        terminal.Enter("kill %1; cat", "cat\n");
        terminal.Enter("typed", "typed\ntyped\n");
        terminal.Press("C-d");
        terminal.Enter("echo \"end $?\"", "\nend 0\n");
    }

    [Fact]
    public void Detach_keys_leave_the_session_running_and_it_can_be_re_entered()
    {
        using TmuxTerminal terminal = new(_home);
        terminal.Enter("$s = New-SandboxSession work; Enter-SandboxSession $s", Remote);
        terminal.Enter("kept=remains; echo a~.b", "\na~.b\n");
        terminal.Type("~.");
        terminal.WaitFor("Detached from 'default/work'");
        terminal.WaitForPrompt();
        terminal.Enter("Enter-SandboxSession default/work", $"> Enter-SandboxSession default/work\n{Remote}");
        terminal.Enter("echo \"it $kept\"", "\nit remains\n");

        // Typed twice, the first detach key is sent once.
        terminal.Type("~~.");
        terminal.Press("C-a");
        terminal.Type("echo ");
        terminal.Press("Enter");
        terminal.WaitFor("\n~.\n");
        terminal.Type("~.");
        terminal.WaitForPrompt();
        terminal.Enter("Enter-SandboxSession $s -DetachKey ([string][char]29)", $"([string][char]29)\n{Remote}");
        terminal.Type("echo half");
        terminal.WaitFor("echo half");
        terminal.Press("C-]");
        terminal.WaitForPrompt();
        terminal.Enter("'usable'", "\nusable\n");
    }

    [Fact]
    public void Vim_draws_correctly_follows_the_window_size_and_saves()
    {
        RequireProgram("vim");
        using TmuxTerminal terminal = new(_home);
        terminal.Enter("$s = New-SandboxSession work; Enter-SandboxSession $s", Remote);
        terminal.Type("vim -u NONE -c 'set laststatus=2 ruler' notes.txt");
        terminal.Press("Enter");
        terminal.WaitFor("\n~\n");
        terminal.Type("ifirst line");
        terminal.Press("Enter");
        terminal.Type("second ä 日本");
        terminal.Press("Escape");
        terminal.WaitFor("first line\nsecond ä 日本\n~\n");
        Assert.Equal(40, terminal.Screen.Split('\n').Length);
        terminal.Resize(60, 20);
        Wait.Until(() => terminal.Screen.Split('\n') is { Length: 19 or 20 } lines
            && lines[18].StartsWith("notes.txt", StringComparison.Ordinal), "vim has redrawn the screen");
        Assert.StartsWith("first line\nsecond ä 日本\n~\n", terminal.Screen, StringComparison.Ordinal);
        terminal.Type(":wq");
        terminal.Press("Enter");
        terminal.WaitFor(Remote);
        terminal.Enter("cat notes.txt; stty size", "\nfirst line\nsecond ä 日本\n20 60\n");
    }

    [Fact]
    public void Detaching_from_vim_restores_the_console_and_re_entering_shows_vim()
    {
        RequireProgram("vim");
        using TmuxTerminal terminal = new(_home);
        terminal.Enter("'before'; $s = New-SandboxSession work; Enter-SandboxSession $s -DetachKey ([string][char]29)", Remote);
        terminal.Type("vim -u NONE middle.txt");
        terminal.Press("Enter");
        terminal.WaitFor("\n~\n");
        terminal.Type("iunsaved");
        terminal.WaitFor("unsaved\n");
        terminal.Press("C-]");
        terminal.WaitFor("\nbefore\n");
        terminal.WaitForPrompt();
        Assert.DoesNotContain("\n~\n", terminal.Screen, StringComparison.Ordinal);
        terminal.Enter("'usable'", "\nusable\n");
        terminal.Type("Enter-SandboxSession $s");
        terminal.Press("Enter");
        terminal.WaitFor("\nunsaved\n~\n");
        terminal.Press("Escape");
        terminal.Type(":q!");
        terminal.Press("Enter");
        terminal.WaitFor(Remote);
    }

    [Fact]
    public void Less_draws_correctly_and_follows_the_window_size()
    {
        RequireProgram("less");
        using TmuxTerminal terminal = new(_home);
        terminal.Enter("Enter-SandboxSession", Remote);
        terminal.Type("seq 1 500 | less");
        terminal.Press("Enter");
        terminal.WaitFor("\n1\n2\n3\n");
        Assert.EndsWith("\n39\n:", terminal.Screen, StringComparison.Ordinal);
        terminal.Press("G");
        terminal.WaitFor("\n500\n(END)");
        terminal.Resize(60, 20);

        // The window size changes at once; wait until less has redrawn its lines.
        terminal.WaitFor("\n480\n:");
        terminal.Press("g");
        terminal.WaitFor("\n1\n2\n");
        Assert.EndsWith("\n19\n:", terminal.Screen, StringComparison.Ordinal);
        terminal.Press("q");
        terminal.WaitFor(Remote);
    }

    [Fact]
    public void Top_and_a_progress_bar_draw_correctly()
    {
        RequireProgram("top");
        using TmuxTerminal terminal = new(_home);
        terminal.Enter("Enter-SandboxSession", Remote);
        terminal.Enter("for i in 0 25 50 75 100; do printf '\\r[%-4s] %3d%%' \"$(printf '%*s' $((i / 25)) '' | tr ' ' '#')\" $i; sleep 0.05; done; echo",
            "\n[####] 100%\n");
        Assert.Single(
            terminal.Screen.Split('\n'), line => line.Contains("%\u0000", StringComparison.Ordinal) || line.StartsWith("[####]", StringComparison.Ordinal));
        terminal.Type("top -d 1");
        terminal.Press("Enter");
        terminal.WaitFor("load average");
        terminal.WaitFor("PID USER");
        Assert.Contains("sandbox", terminal.Screen, StringComparison.Ordinal);
        terminal.Resize(60, 20);
        Wait.Until(() => terminal.Screen.Split('\n') is { Length: <= 20 } lines && lines[0].StartsWith("top - ", StringComparison.Ordinal)
            && lines[^1].Contains(' ', StringComparison.Ordinal), "top has redrawn the screen");
        terminal.WaitFor("PID USER");
        terminal.Press("q");
        terminal.WaitFor(Remote);
    }

    [Fact]
    public void Killed_server_ends_neither_the_attachment_nor_loses_keys_typed_meanwhile()
    {
        using TmuxTerminal terminal = new(_home);
        terminal.Enter("Enter-SandboxSession", Remote);
        terminal.Enter("kept=remains; echo set", "\nset\n");
        _home.KillServer();
        terminal.Enter("echo \"it $kept\"", "\nit remains\n");
    }

    [Fact]
    public void Removed_sandbox_is_an_error_and_the_console_is_restored()
    {
        using TmuxTerminal terminal = new(_home);
        terminal.Enter("New-Sandbox box | Enter-SandboxSession", Remote);
        using (PowerShellEngine engine = Connected())
        {
            _ = engine.Run("Remove-Sandbox box").Clean;
        }

        terminal.WaitFor("Enter-SandboxSession: ");
        terminal.WaitForPrompt();
        terminal.Enter("\"$($Error[0].FullyQualifiedErrorId)\"", "\nConnectionLost,Sandbox.Commands.EnterSandboxSessionCommand\n");
        terminal.Type("'ab'");
        terminal.WaitFor($"\n{terminal.Prompt}'ab'\n");
    }

    [Fact]
    public void Host_without_a_console_is_an_error()
    {
        using PowerShellProcess shell = new(_home, "Enter-SandboxSession");
        (int code, string output, string errors) = shell.Finish();
        Assert.Equal((1, ""), (code, output));
        Assert.Contains("needs an interactive console", errors, StringComparison.Ordinal);
    }

    [Fact]
    public void Missing_shell_and_missing_session_are_errors()
    {
        using TmuxTerminal terminal = new(_home);
        terminal.Enter("Enter-SandboxSession -Shell nosuchshell", "There is no program 'nosuchshell' in the sandbox.");
        terminal.Enter("Enter-SandboxSession nosuch", "no session 'nosuch'");
        terminal.Enter("1..2 | ForEach-Object { $null = New-SandboxSession \"n$_\" }; Enter-SandboxSession n*", "A console attaches to one session at a time");
        terminal.Enter("'usable'", "\nusable\n");
    }

    public void Dispose() => _home.Dispose();

    private static void RequireProgram(string name)
    {
        if (!File.Exists("/usr/bin/" + name))
        {
            Assert.Skip(
                $"{name} is not installed: the terminal was NOT tested with it. Install it, " +
                $"for example by 'apt-get install {(name == "top" ? "procps" : name)}'.");
        }
    }

    // Uses the same server as the shell in the terminal.
    private PowerShellEngine Connected()
    {
        PowerShellEngine engine = new();
        _ = engine.Run($"Connect-SandboxServer '{_home.Server}'").Clean;
        return engine;
    }
}
