using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using Sandbox.Protocol;

namespace Sandbox;

/// <summary>The console in raw mode; disposing restores it.</summary>
/// <remarks>The modes are set by <c>stty</c>, which every Unix has: the framework has no such mode, and the module calls no system functions of its own.
/// Reading comes back ten times a second, also without a key, so that none is taken after the end.</remarks>
internal sealed class RawConsole : IDisposable
{
    private const string Device = "/dev/tty";

    // Empty reads that return faster than the read timeout below mean that the console was closed.
    private const int MostEmptyReads = 100;
    private static readonly TimeSpan ShortestWait = TimeSpan.FromMilliseconds(20);

    private readonly TerminalModeTracker _modes = new();
    private readonly Stream _output = Console.OpenStandardOutput();
    private readonly FileStream _keys;
    private readonly string _saved;
    private int _isRestored;
    private int _emptyReads;

    private RawConsole(FileStream keys, string saved)
    {
        (_keys, _saved) = (keys, saved);
        AppDomain.CurrentDomain.ProcessExit += Restore;
        RunStty("raw", "-echo", "min", "0", "time", "1");
    }

    public static TerminalSize Size => new(Math.Max(1, Console.WindowWidth), Math.Max(1, Console.WindowHeight));

    /// <summary>Reports each new window size until the result is disposed.</summary>
    public static IDisposable? WatchSize(Action changed) =>
        OperatingSystem.IsWindows() ? null : PosixSignalRegistration.Create(PosixSignal.SIGWINCH, _ => changed());

    /// <summary>Switches the console to raw mode.</summary>
    /// <param name="console">The console.</param>
    /// <param name="reason">The reason if there is none.</param>
    public static bool TryOpen([NotNullWhen(true)] out RawConsole? console, [NotNullWhen(false)] out string? reason)
    {
        console = null;
        reason = OperatingSystem.IsWindows() ? "Windows consoles are not supported yet"
            : Console.IsInputRedirected || Console.IsOutputRedirected ? "Input or output is redirected"
            : null;
        if (reason is not null)
        {
            return false;
        }

        try
        {
            FileStream keys = new(Device, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, bufferSize: 0);
            console = new(keys, RunStty("-g").Trim());
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidOperationException or System.ComponentModel.Win32Exception)
        {
            reason = $"The console cannot be used: {e.Message.TrimEnd('.')}";
            return false;
        }
    }

    /// <summary>Waits a moment for keys.</summary>
    /// <param name="buffer">The buffer.</param>
    /// <returns>The number of bytes read; 0 for none yet.</returns>
    /// <exception cref="IOException">The console was closed.</exception>
    public int Read(byte[] buffer)
    {
        long begin = Stopwatch.GetTimestamp();
        int count = _keys.Read(buffer);
        _emptyReads = count == 0 && Stopwatch.GetElapsedTime(begin) < ShortestWait ? _emptyReads + 1 : 0;
        return _emptyReads < MostEmptyReads ? count : throw new IOException("The console was closed.");
    }

    /// <summary>Shows what a terminal printed.</summary>
    /// <param name="output">What it printed.</param>
    public void Write(ReadOnlySpan<byte> output)
    {
        _modes.Watch(output);
        _output.Write(output);
    }

    public void Dispose()
    {
        AppDomain.CurrentDomain.ProcessExit -= Restore;
        Restore(null, EventArgs.Empty);
        _keys.Dispose();
        _output.Dispose();
    }

    private void Restore(object? sender, EventArgs e)
    {
        if (Interlocked.Exchange(ref _isRestored, 1) == 0)
        {
            try
            {
                _output.Write(System.Text.Encoding.ASCII.GetBytes(_modes.Undo));
                _output.Flush();
            }
            catch (IOException)
            {
                // No host is left to show it.
            }

            RunStty(_saved);
        }
    }

    // With streams of its own, or the framework would set the console's modes itself when it ends.
    private static string RunStty(params string[] arguments)
    {
        using Process stty = Process.Start(new ProcessStartInfo("/bin/sh", ["-c", $"exec stty \"$@\" <{Device}", "stty", .. arguments])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        string output = stty.StandardOutput.ReadToEnd();
        string errors = stty.StandardError.ReadToEnd();
        stty.WaitForExit();
        return stty.ExitCode == 0 ? output : throw new InvalidOperationException(errors.Trim());
    }
}
