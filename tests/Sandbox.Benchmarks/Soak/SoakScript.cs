using System.Globalization;
using System.Text;
using Sandbox.Protocol;

namespace Sandbox.Benchmarks.Soak;

/// <summary>Generates the commands of one session and tracks the expected state.</summary>
internal sealed class SoakScript(Random random)
{
    private int _counter;

    public SoakStep Next() => random.Next(20) switch
    {
        0 or 1 or 2 or 3 => Count(),
        4 or 5 or 6 => ExactBytes(),
        7 or 8 => Lines(),
        9 => Flood(),
        10 => BothStreams(),
        11 => ExternalCode(),
        12 => Body(),
        13 => StreamedInput(),
        14 => Background(),
        15 or 16 => TimeOut(),
        17 => Cancel(),
        18 => Exit(),
        _ => KilledShell(),
    };

    /// <summary>Resets the expected state after the session was replaced by a new one.</summary>
    public void Reset() => _counter = 0;

    /// <summary>Checks state: an exported variable survives everything, including an exit of the shell.</summary>
    private SoakStep Count()
    {
        _counter++;
        return new("state", Shell("export n=$((n + 1)); echo $n"), Text($"{_counter}\n"));
    }

    private SoakStep ExactBytes()
    {
        byte[] bytes = Bytes(random.Next(1, 600));
        StringBuilder command = new("printf '");
        foreach (byte value in bytes)
        {
            command.Append(CultureInfo.InvariantCulture, $"\\{Convert.ToString(value, 8).PadLeft(3, '0')}");
        }

        return new("bytes", Shell(command.Append('\'').ToString()), bytes);
    }

    private SoakStep Lines()
    {
        int last = random.Next(1, 3000);
        return new("lines", Shell($"for ((i = 1; i <= {last}; i++)); do echo $i; done"), Text(string.Concat(Enumerable.Range(1, last).Select(i => $"{i}\n"))));
    }

    private SoakStep Flood()
    {
        int length = random.Next(1, 3_000_000);
        byte[] expected = new byte[length];
        expected.AsSpan().Fill((byte)'x');
        return new("flood", Shell($"head -c {length} /dev/zero | tr '\\0' x"), expected);
    }

    private SoakStep BothStreams()
    {
        string word = Word();
        return new("streams", Shell($"printf {word}; printf e{word} >&2; false"), Text(word)) { Error = Text($"e{word}"), ExitCode = 1 };
    }

    private SoakStep ExternalCode()
    {
        int code = random.Next(256);
        return new("code", new ExecRequest { Argv = ["sh", "-c", $"echo \"$1\"; exit {code}", "sh", "it's $HOME"] }, Text("it's $HOME\n")) { ExitCode = code };
    }

    private SoakStep Body()
    {
        byte[] input = Bytes(random.Next(1, 100_000));
        return new("body", Shell("cat") with { Stdin = input }, input);
    }

    private SoakStep StreamedInput()
    {
        byte[] input = Bytes(random.Next(1, 500_000));
        return new("input", Shell("cat") with { StdinOpen = true }, input) { Input = input };
    }

    private SoakStep Background()
    {
        // The background process runs beside the session and ends with it.
        string word = Word();
        return new("background", Shell($"sleep 1000 >/dev/null 2>&1 & echo {word}"), Text($"{word}\n"));
    }

    private SoakStep TimeOut()
    {
        string word = Word();
        string command = random.Next(3) switch
        {
            0 => "sleep 1000",
            1 => "setsid sleep 1000 & sleep 1000 & wait",
            _ => "(trap '' INT; sleep 1000)",
        };
        return new("time-out", Shell($"printf {word}; {command}") with { TimeoutMs = random.Next(300, 800) }, Text(word))
        {
            Ending = Ending.TimeLimit,
            ExitCode = null,
        };
    }

    private SoakStep Cancel()
    {
        string word = Word();
        return new("cancel", Shell($"printf {word}; sleep 1000"), Text(word)) { Ending = Ending.Cancel, ExitCode = null };
    }

    private SoakStep Exit()
    {
        int code = random.Next(256);
        string word = Word();
        return new("exit", Shell($"echo {word}; exit {code}"), Text($"{word}\n")) { ExitCode = code, EndsShell = true };
    }

    private SoakStep KilledShell()
    {
        string word = Word();
        return new("killed shell", Shell($"printf {word}; kill -9 $$"), Text(word)) { ExitCode = 137, EndsShell = true };
    }

    private static ExecRequest Shell(string command) => new() { Command = command };

    private byte[] Bytes(int count)
    {
        byte[] bytes = new byte[count];
        random.NextBytes(bytes);
        return bytes;
    }

    private string Word() => $"w{random.Next():x}";

    private static byte[] Text(string text) => Encoding.UTF8.GetBytes(text);
}
