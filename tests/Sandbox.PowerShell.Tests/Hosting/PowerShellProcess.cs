using System.Diagnostics;
using System.Text;

namespace Sandbox.Tests;

/// <summary>New <c>pwsh</c> process with the module imported.</summary>
internal sealed class PowerShellProcess : IDisposable
{
    private readonly Process _process;
    private readonly StringBuilder _errors = new();

    public PowerShellProcess(TestHome home, string script)
        : this(home, [], script)
    {
    }

    /// <summary>Starts a script.</summary>
    /// <param name="home">The SANDBOX_HOME of its server.</param>
    /// <param name="launcher">A program that starts pwsh, with its arguments; empty for none.</param>
    /// <param name="environment">Environment variables of the process.</param>
    public PowerShellProcess(TestHome home, string[] launcher, string script, params ReadOnlySpan<(string Name, string Value)> environment)
    {
        // A test run that was started in the background by a script ignores SIGINT, which pwsh would inherit.
        string[] words =
        [
            .. launcher, "env", "--default-signal", PowerShellProgram.Path, "-NoProfile", "-NonInteractive", "-Command",
            // Without warnings: on a host that cannot give an ordinary user's sandboxes the internet, each new one warns of that.
            $"Import-Module '{Paths.Manifest}' -ErrorAction Stop; $WarningPreference = 'SilentlyContinue'; {script}",
        ];
        ProcessStartInfo start = new(words[0], words[1..])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach ((string name, string value) in (ReadOnlySpan<(string, string)>)[.. PowerShellProgram.Environment(home), .. environment])
        {
            start.Environment[name] = value;
        }

        _process = Process.Start(start)!;
        _process.StandardInput.Close();
        _process.ErrorDataReceived += (_, e) =>
        {
            lock (_errors)
            {
                _errors.Append(e.Data is null ? "" : e.Data + "\n");
            }
        };
        _process.BeginErrorReadLine();
    }

    public int Id => _process.Id;

    public string Errors
    {
        get
        {
            lock (_errors)
            {
                return _errors.ToString();
            }
        }
    }

    /// <summary>Runs a script and returns its output; fails when the script fails.</summary>
    public static string Run(TestHome home, string script)
    {
        using PowerShellProcess shell = new(home, script);
        (int code, string output, string errors) = shell.Finish();
        Assert.True(code == 0 && errors.Length == 0, $"exit code {code}\n{output}\n{errors}");
        return output;
    }

    public string ReadLine()
    {
        string? line = _process.StandardOutput.ReadLineAsync().WaitAsync(Wait.Limit).GetAwaiter().GetResult();
        if (line is null)
        {
            _process.WaitForExit();
            Assert.Fail($"It has ended with {_process.ExitCode}, and printed no such line.\n{Errors}");
        }

        return line;
    }

    /// <param name="name">The name of the signal without SIG, such as <c>INT</c>.</param>
    public void Signal(string name)
    {
        using Process kill = Process.Start("kill", [$"-{name}", $"{Id}"]);
        kill.WaitForExit();
    }

    public (int ExitCode, string Output, string Errors) Finish()
    {
        string output = _process.StandardOutput.ReadToEndAsync().WaitAsync(Wait.Limit).GetAwaiter().GetResult();
        Assert.True(_process.WaitForExit(Wait.Limit), "pwsh closed its output and did not end");
        _process.WaitForExit();
        return (_process.ExitCode, output, Errors);
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
            _process.WaitForExit();
        }

        _process.Dispose();
    }
}
