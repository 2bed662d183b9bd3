using System.ComponentModel;
using System.Diagnostics;

namespace Sandbox.Tests;

/// <summary>PowerShell's prompt in a real terminal provided by tmux.</summary>
internal sealed class TmuxTerminal : IDisposable
{
    private readonly string _socket;
    private readonly int _shell;

    /// <summary>Opens a terminal and waits for the prompt. Skips the test where tmux is not installed.</summary>
    public TmuxTerminal(TestHome home, int width = 100, int height = 40)
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

        // The commands after pwsh keep the screen and show the exit code. Suggestions from the history would appear beside the typed text.
        string start = $"Import-Module '{Paths.Manifest}'; Set-PSReadLineOption -PredictionSource None";
        string[] environment = [.. PowerShellProgram.Environment(home).SelectMany(variable => new[] { "-e", $"{variable.Name}={variable.Value}" })];
        Tmux(
        [
            "-f", "/dev/null", "new-session", "-d", "-x", $"{width}", "-y", $"{height}", "-c", home.Folder, "-e", "LC_ALL=C.UTF-8", .. environment,

            // Other shells, which tmux would take from the user's account, end when Ctrl+C reaches them beside the program they wait for.
            "bash", "-c", $"'{PowerShellProgram.Path}' -NoProfile -NoLogo -NoExit -Command \"{start}\"; echo \"left with $?\"; exec sleep infinity",
        ]);
        Prompt = $"PS {home.Folder}> ";
        WaitFor(Prompt.TrimEnd());
        string pane = Tmux("display-message", "-p", "#{pane_pid}").Trim();
        _shell = int.Parse(File.ReadAllText($"/proc/{pane}/task/{pane}/children").Trim(), null);
    }

    public string Prompt { get; }

    /// <summary>Gets the text on the screen without trailing spaces and empty lines.</summary>
    public string Screen => string.Join('\n', Tmux("capture-pane", "-p").Split('\n').Select(line => line.TrimEnd())).TrimEnd();

    /// <summary>Types literal text.</summary>
    public void Type(string text) => Tmux("send-keys", "-l", text);

    /// <summary>Presses keys named as in tmux.</summary>
    public void Press(params string[] keys) => Tmux(["send-keys", .. keys]);

    public void Resize(int width, int height) => Tmux("resize-window", "-x", $"{width}", "-y", $"{height}");

    /// <summary>Types a line and waits until a text is shown.</summary>
    public void Enter(string text, string shown)
    {
        Type(text);
        Press("Enter");
        WaitFor(shown);
    }

    /// <summary>Waits until a text is shown: part of a line, or a whole line when enclosed in line breaks.</summary>
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

    /// <summary>Waits until the prompt is the last text on the screen: keys typed before may be lost.</summary>
    public void WaitForPrompt() => Wait.Until(() => Screen.EndsWith(Prompt.TrimEnd(), StringComparison.Ordinal), "the prompt is shown");

    /// <summary>Hangs up and waits until the shell has exited.</summary>
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
        using Process tmux = Process.Start(
            new ProcessStartInfo("tmux", ["-S", _socket, .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        string output = tmux.StandardOutput.ReadToEnd();
        tmux.WaitForExit();
        return output;
    }
}
