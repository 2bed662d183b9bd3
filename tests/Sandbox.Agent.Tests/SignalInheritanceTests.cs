using System.Globalization;
using System.Text.RegularExpressions;

namespace Sandbox.Agent.Tests;

/// <summary>Ignored and blocked signals of the agent are not inherited by what it starts.</summary>
public sealed partial class SignalInheritanceTests : IAsyncLifetime
{
    private const string Show = "grep -E '^Sig(Blk|Ign):' /proc/self/status";

    // A script that starts the agent with '&' ignores SIGINT; the .NET runtime itself ignores SIGPIPE.
    private readonly AgentFixture _agent = new()
    {
        Launcher = AgentFixture.LauncherCommandLine is [_, ..] launcher ? ["/bin/sh", "-c", "trap '' HUP INT QUIT USR1 TSTP; exec \"$@\"", "sh", .. launcher]
            : [],
    };

    public ValueTask InitializeAsync() => _agent.InitializeAsync();

    public ValueTask DisposeAsync() => _agent.DisposeAsync();

    [Fact]
    public async Task Command_in_a_session_has_default_signal_handling() =>
        AssertDefaults((await _agent.RunAsync(await _agent.NewSessionAsync(), Show)).Output);

    [Fact]
    public async Task Command_without_a_session_has_default_signal_handling() =>
        AssertDefaults((await _agent.RunAsync(null, Show)).Output);

    [Fact]
    public async Task Program_in_a_terminal_has_default_signal_handling()
    {
        using TerminalClient terminal = await TerminalClient.OpenAsync(_agent, $"session={await _agent.NewSessionAsync()}");
        await terminal.TypeAsync(Show + "; echo sho''wn\r");
        await terminal.WaitForAsync("shown\r\n");
        AssertDefaults(terminal.Shown);
    }

    [Fact]
    public async Task Program_started_by_code_has_default_signal_handling()
    {
        CodeRunResult ran = await _agent.RunCodeAsync(await _agent.NewContextAsync("python"),
            $"import subprocess\nprint(subprocess.run(\"\"\"{Show}\"\"\", shell=True, capture_output=True, text=True).stdout)");
        AssertDefaults(ran.Output);
    }

    private static void AssertDefaults(string shown)
    {
        // Standard signals only: the C library ignores two internal real-time signals in whatever it starts.
        const ulong standard = 0x7fff_ffff;
        MatchCollection masks = Masks().Matches(shown);
        Assert.Equal(["Blk", "Ign"], masks.Select(mask => mask.Groups[1].Value));
        Assert.All(masks, mask => Assert.Equal(0UL, ulong.Parse(mask.Groups[2].ValueSpan, NumberStyles.HexNumber, CultureInfo.InvariantCulture) & standard));
    }

    [GeneratedRegex("Sig(Blk|Ign):\\t([0-9a-f]{16})")]
    private static partial Regex Masks();
}
