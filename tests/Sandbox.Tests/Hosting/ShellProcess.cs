using System.Diagnostics;
using System.Text;

namespace Sandbox.Tests;

/// <summary>A new PowerShell process: <c>sandbox-shell</c>.</summary>
internal sealed class ShellProcess : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    private readonly Process _process;
    private readonly StringBuilder _errors = new();

    public ShellProcess(SandboxHome home, params string[] arguments)
        : this(home, [Paths.Shell], arguments)
    {
    }

    public ShellProcess(SandboxHome home, string[] launcher, string[] arguments, params ReadOnlySpan<(string Name, string Value)> environment)
    {
        ProcessStartInfo start = new(launcher[0], [.. launcher[1..], .. arguments])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            Environment = { ["SANDBOX_HOME"] = home.Folder, ["SANDBOX_MODULE"] = Paths.Manifest },
        };
        foreach ((string name, string value) in environment)
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

    /// <summary>Runs a script to its end and returns its output; fails when it fails.</summary>
    public static string Run(SandboxHome home, string script)
    {
        using ShellProcess shell = new(home, "-Command", script);
        (int code, string output, string errors) = shell.Finish();
        Assert.True(code == 0 && errors.Length == 0, $"exit code {code}\n{output}\n{errors}");
        return output;
    }

    public string ReadLine()
    {
        string? line = _process.StandardOutput.ReadLineAsync().WaitAsync(Limit).GetAwaiter().GetResult();
        if (line is null)
        {
            _process.WaitForExit();
            Assert.Fail($"It has ended with {_process.ExitCode}, and printed no such line.\n{Errors}");
        }

        return line;
    }

    /// <summary>Sends it a signal.</summary>
    /// <param name="name">Which: <c>INT</c>.</param>
    public void Signal(string name)
    {
        using Process kill = Process.Start("kill", [$"-{name}", $"{Id}"]);
        kill.WaitForExit();
    }

    public (int ExitCode, string Output, string Errors) Finish()
    {
        string output = _process.StandardOutput.ReadToEndAsync().WaitAsync(Limit).GetAwaiter().GetResult();
        _process.WaitForExit(Limit);
        _process.WaitForExit();
        return (_process.ExitCode, output, Errors);
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
        }

        _process.Dispose();
    }
}
