using Sandbox.Protocol;

namespace Sandbox.Agent.Tests;

/// <summary>Code that hangs, ends its interpreter or damages it leaves no unusable context behind.</summary>
public sealed class CodeContextFaultTests(AgentFixture agent) : IClassFixture<AgentFixture>
{
    private const string Python = "python";
    private const string JavaScript = "javascript";

    [Theory]
    [InlineData(Python, "kept = 1", "while True: pass", "kept")]
    [InlineData(Python, "kept = 1", "import time\ntime.sleep(600)", "kept")]
    [InlineData(Python, "kept = 1", "import asyncio\nawait asyncio.sleep(600)", "kept")]
    [InlineData(Python, "kept = 1", "import subprocess\nsubprocess.run(['sleep', '600'])", "kept")]
    [InlineData(JavaScript, "let kept = 1", "while (true);", "kept")]
    [InlineData(JavaScript, "let kept = 1", "await 1; while (true);", "kept")]
    [InlineData(JavaScript, "let kept = 1", "await new Promise(() => {})", "kept")]
    [InlineData(JavaScript, "let kept = 1", "require('child_process').execSync('sleep 600')", "kept")]
    public async Task Timeout_interrupts_the_run_and_keeps_the_state(string language, string before, string endless, string after)
    {
        string context = await agent.NewContextAsync(language);
        await agent.RunCodeAsync(context, before);
        CodeRunResult ran = await agent.RunCodeAsync(context, new { code = endless, timeoutMs = 300 });
        Assert.True(ran.End.TimedOut);
        Assert.NotNull(ran.End.Error);
        ran = await agent.RunCodeAsync(context, after);
        Assert.Equal(("1", false), (ran.Text, ran.End.Restarted));
    }

    [Fact]
    public async Task Code_that_ignores_its_interrupt_is_killed_and_the_next_run_reports_it()
    {
        string context = await agent.NewContextAsync(Python);
        CodeRunResult ran = await agent.RunCodeAsync(context,
            new { code = "import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\nprint('deaf', flush=True)\nwhile True: pass", timeoutMs = 300 });
        Assert.Equal((true, CodeError.InterpreterEnded, "deaf\n"), (ran.End.TimedOut, ran.End.Error!.Name, ran.Output));
        ran = await agent.RunCodeAsync(context, "1");
        Assert.Equal(("1", true), (ran.Text, ran.End.Restarted));
    }

    [Theory]
    [InlineData(Python, "import os; os._exit(7)", "exit code 7")]
    [InlineData(Python, "import os; os.kill(os.getpid(), 9)", "signal KILL")]
    [InlineData(JavaScript, "process.exit(7)", "exit code 7")]
    [InlineData(JavaScript, "process.kill(process.pid, 'SIGKILL'); while (true);", "signal KILL")]
    public async Task Exit_of_the_interpreter_ends_the_run_and_the_next_run_reports_it(string language, string code, string how)
    {
        string context = await agent.NewContextAsync(language);
        CodeRunResult ran = await agent.RunCodeAsync(context, code);
        Assert.Equal(CodeError.InterpreterEnded, ran.End.Error!.Name);
        Assert.Contains(how, ran.End.Error.Value, StringComparison.Ordinal);
        ran = await agent.RunCodeAsync(context, "1");
        Assert.Equal(("1", true), (ran.Text, ran.End.Restarted));
        Assert.False((await agent.RunCodeAsync(context, "2")).End.Restarted);
    }

    [Theory]
    [InlineData(Python, "import os, threading\nthreading.Timer(0, lambda: os._exit(1)).start()")]
    [InlineData(JavaScript, "setTimeout(() => process.exit(1), 1); 0")]
    public async Task Interpreter_that_died_between_runs_is_replaced_and_reported(string language, string code)
    {
        string context = await agent.NewContextAsync(language);
        await agent.RunCodeAsync(context, code);
        CodeRunResult? ran = null;
        await Wait.UntilAsync(async () => (ran = await agent.RunCodeAsync(context, "1")).End.Restarted, "a new interpreter runs the code");
        Assert.Equal("1", ran!.Text);
    }

    [Theory]
    [InlineData(Python, "import sys; sys.stdin.read()", "''")]
    [InlineData(Python, "import os; os.read(0, 1)", "b''")]
    [InlineData(Python, "import subprocess; subprocess.run(['cat']).returncode", "0")]
    [InlineData(Python, "import subprocess; subprocess.run(['sh', '-c', 'read line; echo $?'], capture_output=True, text=True).stdout", "'1\\n'")]
    [InlineData(JavaScript, "require('fs').readFileSync(0, 'utf8')", "")]
    [InlineData(JavaScript, "require('child_process').spawnSync('cat', { stdio: 'inherit' }).status", "0")]
    [InlineData(JavaScript, "await new Promise(done => process.stdin.on('end', () => done('end')).resume())", "end")]
    public async Task Reading_standard_input_returns_end_of_file(string language, string code, string shown)
    {
        string context = await agent.NewContextAsync(language);
        Assert.Equal(shown, (await agent.RunCodeAsync(context, new { code, timeoutMs = (long)Wait.Limit.TotalMilliseconds })).Text);
        Assert.Equal("2", (await agent.RunCodeAsync(context, "1 + 1")).Text);
    }

    [Theory]
    [InlineData(Python, "import os; os.close(0); os.close(1); os.close(2)")]
    [InlineData(Python, "import os; os.closerange(0, 1000)")]
    [InlineData(Python, "import os; os.write(4, b'x')")]
    [InlineData(Python, "import os\nfor fd in range(3, 300):\n    try: os.write(fd, b'rubbish\\n')\n    except OSError: pass")]
    [InlineData(Python, "import os; os.fork()")]
    [InlineData(Python, "import os, time\nif os.fork() == 0: time.sleep(600)")]
    [InlineData(Python, "import threading, sys\nthreading.Thread(target=sys.stdin.read).start()")]
    [InlineData(Python, "import sys; sys.stdout = sys.stderr = None")]
    [InlineData(Python, "import sys; sys.setrecursionlimit(10**9)\ndef f(): f()\nf()")]
    [InlineData(Python, "import ctypes; ctypes.string_at(0)")]
    [InlineData(JavaScript, "const fs = require('fs'); for (let fd = 0; fd < 300; fd++) try { fs.closeSync(fd) } catch { }")]
    [InlineData(JavaScript, "const fs = require('fs'); for (let fd = 3; fd < 300; fd++) try { fs.writeSync(fd, 'rubbish\\n') } catch { }")]
    [InlineData(JavaScript, "process.abort()")]
    [InlineData(JavaScript, "function f() { f() } f()")]
    [InlineData(JavaScript, "globalThis.Promise = null; globalThis.JSON = null; process.stdout.write = null")]
    [InlineData(JavaScript, "process.removeAllListeners(); process.emit('exit'); process.exitCode = 9")]
    [InlineData(JavaScript, "process.on('SIGINT', () => {})")]
    public async Task Context_stays_usable_whatever_code_does_to_its_interpreter(string language, string code)
    {
        string context = await agent.NewContextAsync(language);
        await agent.RunCodeAsync(context, new { code, timeoutMs = 5_000 });
        CodeRunResult ran = await agent.RunCodeAsync(context, new { code = "1 + 1", timeoutMs = 5_000 });
        if (ran.End.TimedOut || ran.End.Error?.Name == CodeError.InterpreterEnded)
        {
            // The interpreter ended only now, so the next run starts a new one.
            ran = await agent.RunCodeAsync(context, "1 + 1");
        }

        Assert.Equal("2", ran.Text);
    }

    [Fact]
    public async Task Forked_process_ends_with_the_run_and_sends_no_result()
    {
        string context = await agent.NewContextAsync(Python);
        CodeRunResult ran = await agent.RunCodeAsync(context, "import os\nchild = os.fork()\nprint(os.waitpid(child, 0)[1] if child else 'child')");
        Assert.Null(ran.End.Error);
        Assert.Equal("child\n0\n", ran.Output);
        Assert.Equal("2", (await agent.RunCodeAsync(context, "1 + 1")).Text);
    }

    [Fact]
    public async Task Late_rejection_or_exception_is_reported_and_ends_nothing()
    {
        string context = await agent.NewContextAsync(JavaScript);
        CodeRunResult ran = await agent.RunCodeAsync(
            context, "let kept = 1; Promise.reject(new Error('late')); setTimeout(() => { throw new Error('later') }, 1); " +
            "await new Promise(done => setTimeout(done, 50))");
        Assert.Null(ran.End.Error);
        Assert.Contains("Error: late\n", ran.ErrorText, StringComparison.Ordinal);
        Assert.Contains("Error: later\n", ran.ErrorText, StringComparison.Ordinal);
        ran = await agent.RunCodeAsync(context, "kept");
        Assert.Equal(("1", false), (ran.Text, ran.End.Restarted));
    }
}
