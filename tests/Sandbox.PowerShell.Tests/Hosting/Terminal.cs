using System.ComponentModel;
using System.Diagnostics;

namespace Sandbox.Tests;

/// <summary>PowerShell's prompt in a real terminal, which is tmux's: keys go in, the screen comes out.</summary>
internal sealed class Terminal : IDisposable
{
    private readonly string _socket;
    private readonly int _shell;

    /// <summary>Opens a terminal and waits for the prompt. Skips the test where there is no tmux.</summary>
    public Terminal(SandboxHome home, int width = 100, int height = 40)
    {
        _socket = Path.Combine(home.Folder, $"tmux{Random.Shared.Next(0x1000000):x}");
        try
        {
            Tmux("-V");
        }
        catch (Win32Exception)
        {
            Assert.Skip("tmux is not installed: the prompt was NOT tested. Install it, for example by 'apt-get install tmux'.");
        }

        // What follows pwsh keeps the screen and tells the exit code. No suggestions from the history: they would be on the screen beside what is typed.
        string start = $"Import-Module '{Paths.Manifest}'; Set-PSReadLineOption -PredictionSource None";
        string[] environment = [.. PowerShellProgram.Environment(home).SelectMany(variable => new[] { "-e", $"{variable.Name}={variable.Value}" })];
        Tmux(
        [
            "-f", "/dev/null", "new-session", "-d", "-x", $"{width}", "-y", $"{height}", "-c", home.Folder, "-e", "LC_ALL=C.UTF-8", .. environment,
            $"'{PowerShellProgram.Path}' -NoProfile -NoLogo -NoExit -Command \"{start}\"; echo \"left with $?\"; exec sleep infinity",
        ]);
        Prompt = $"PS {home.Folder}> ";
        WaitFor(Prompt.TrimEnd());
        string pane = Tmux("display-message", "-p", "#{pane_pid}").Trim();
        _shell = int.Parse(File.ReadAllText($"/proc/{pane}/task/{pane}/children").Trim(), null);
    }

    /// <summary>The prompt.</summary>
    public string Prompt { get; }

    /// <summary>What is shown, without what is empty at the end of each line and of all.</summary>
    public string Screen => string.Join('\n', Tmux("capture-pane", "-p").Split('\n').Select(line => line.TrimEnd())).TrimEnd();

    /// <summary>Types a text as it is.</summary>
    public void Type(string text) => Tmux("send-keys", "-l", text);

    /// <summary>Presses keys by tmux's names.</summary>
    public void Press(params string[] keys) => Tmux(["send-keys", .. keys]);

    /// <summary>Makes the window larger or smaller.</summary>
    public void Resize(int width, int height) => Tmux("resize-window", "-x", $"{width}", "-y", $"{height}");

    /// <summary>Types a line and waits until something is shown.</summary>
    public void Enter(string text, string shown)
    {
        Type(text);
        Press("Enter");
        WaitFor(shown);
    }

    /// <summary>Waits until something is shown, as a part of a line, or, with line breaks around it, as a line.</summary>
    public void WaitFor(string shown)
    {
        string screen = "";
        long begin = Stopwatch.GetTimestamp();
        while (!(screen = $"\n{Screen}\n").Contains(shown, StringComparison.Ordinal))
        {
            Assert.True(Stopwatch.GetElapsedTime(begin) < Wait.Limit, $"'{shown}' is not shown:\n{screen}");
            Thread.Sleep(20);
        }
    }

    /// <summary>Waits until PowerShell's prompt is the last thing shown: what is typed before may be lost.</summary>
    public void WaitForPrompt() => Wait.Until(() => Screen.EndsWith(Prompt.TrimEnd(), StringComparison.Ordinal), "the prompt is shown");

    /// <summary>Hangs up, and waits until the shell is gone.</summary>
    public void Dispose()
    {
        if (_shell != 0)
        {
            Tmux("kill-server");
            Wait.Until(() => !Directory.Exists($"/proc/{_shell}"), "the shell is gone");
        }
    }

    private string Tmux(params string[] arguments)
    {
        using Process tmux = Process.Start(new ProcessStartInfo("tmux", ["-S", _socket, .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        string output = tmux.StandardOutput.ReadToEnd();
        tmux.WaitForExit();
        return output;
    }
}
