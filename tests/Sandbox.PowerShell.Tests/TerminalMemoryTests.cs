using System.Globalization;
using System.Net.WebSockets;
using System.Text;

namespace Sandbox.Tests;

/// <summary>Back-pressure from a slow remote reader reaches the program in the terminal.</summary>
public sealed class TerminalMemoryTests : IDisposable
{
    private const int Total = 50_000_000;
    private const string Begin = "begin-here\n";
    private const string Line = "0123456789abcde\n";

    private readonly TestHome _home = new();

    [Fact]
    public async Task Fifty_megabytes_for_a_slow_reader_grow_neither_agent_nor_server()
    {
        using PowerShellEngine engine = new();
        string server = _home.Server;
        PowerShellProcess.Run(_home, "$null = New-Sandbox flat");
        _ = engine.Run($"Connect-SandboxServer '{server}'").Clean;
        using CancellationTokenSource deadline = new(Wait.Limit);
        using HttpMessageInvoker invoker = new(ServerSocket.CreateHandler(server));
        using ClientWebSocket terminal = new();
        await terminal.ConnectAsync(new("ws://sandbox/v1/sandbox/flat/pty?cols=80&rows=24"), invoker, deadline.Token);
        byte[] buffer = new byte[64 * 1024];

        await TypeAsync("stty -opost -echo; printf 'begin-%s\\n' here; cat > go; yes 0123456789abcde | head -c 50000000; touch printed\r");
        StringBuilder shown = new();
        while (!shown.ToString().Contains(Begin, StringComparison.Ordinal))
        {
            shown.Append(Encoding.ASCII.GetString(await ReadAsync()));
        }

        (long agent, long process) = Peaks();
        await TypeAsync("\u0004");

        // Nothing is read: the program blocks long before its end.
        Wait.Until(() => Command("cat /proc/$(pgrep -x yes)/wchan") is "pipe_write" or "anon_pipe_write", "what prints is held back");
        Assert.Equal("no", Command("test -e printed || echo no"));
        string pending = shown.ToString()[(shown.ToString().IndexOf(Begin, StringComparison.Ordinal) + Begin.Length)..];
        Assert.Equal("", pending);
        long received = 0;
        for (int pieces = 0; received < Total; pieces++)
        {
            byte[] piece = await ReadAsync();
            for (int i = 0; i < piece.Length && received + i < Total; i++)
            {
                Assert.True(piece[i] == Line[(int)((received + i) % Line.Length)], $"not as expected at byte {received + i}");
            }

            received += piece.Length;
            if (pieces % 100 == 0)
            {
                await Task.Delay(20, deadline.Token);
            }
        }

        (long agentAfter, long serverAfter) = Peaks();
        TestContext.Current.TestOutputHelper!.WriteLine($"Peak memory, KB: agent {agent} to {agentAfter}, server {process} to {serverAfter}");
        Assert.InRange(agentAfter - agent, 0, 12 * 1024);
        Assert.InRange(serverAfter - process, 0, 12 * 1024);

        async Task TypeAsync(string text) => await terminal.SendAsync(Encoding.UTF8.GetBytes(text), WebSocketMessageType.Binary, true, deadline.Token);

        async Task<byte[]> ReadAsync()
        {
            // For each message: all of them together take minutes on a busy machine.
            deadline.CancelAfter(Wait.Limit);
            WebSocketReceiveResult received;
            do
            {
                received = await terminal.ReceiveAsync(buffer, deadline.Token);
                Assert.NotEqual(WebSocketMessageType.Close, received.MessageType);
            }
            while (received.MessageType == WebSocketMessageType.Text);

            return buffer[..received.Count];
        }

        string Command(string command) =>
            string.Join('\n', engine.Run("Invoke-SandboxCommand $Command -Sandbox flat -StandardError Null", ("Command", command)).Clean.Texts);

        (long Agent, long Server) Peaks() => (
            long.Parse(
                Command("for p in /proc/[0-9]*; do tr '\\0' ' ' < $p/cmdline | grep -q 'sandbox-[a]gent' && " +
                "sed -n 's/VmHWM:[^0-9]*\\([0-9]*\\).*/\\1/p' $p/status; done | sort -n | tail -n 1"), CultureInfo.InvariantCulture),
            long.Parse(File.ReadLines($"/proc/{_home.ServerProcess}/status").Single(
                line => line.StartsWith("VmHWM:", StringComparison.Ordinal))["VmHWM:".Length..].TrimEnd('k', 'B').Trim(), CultureInfo.InvariantCulture));
    }

    public void Dispose() => _home.Dispose();
}
