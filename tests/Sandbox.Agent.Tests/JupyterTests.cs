using System.Net;
using System.Text.Json;
using Sandbox.Protocol;

namespace Sandbox.Agent.Tests;

/// <summary>The ipykernel of the distribution, over the Jupyter protocol.</summary>
public sealed class JupyterTests : IClassFixture<JupyterTests.Agent>
{
    private readonly AgentFixture _agent;

    public JupyterTests(Agent agent)
    {
        _agent = agent.Fixture;
        Assert.SkipUnless(Directory.Exists(Agent.Kernels), "This machine has no Jupyter kernel: install python3-ipykernel and python3-matplotlib.");
    }

    [Fact]
    public async Task Installed_kernel_is_preferred_and_can_be_named()
    {
        ContextInfo byLanguage = await _agent.NewContextAsync(new { language = "python" });
        ContextInfo byName = await _agent.NewContextAsync(new { language = "python3" });
        Assert.All([byLanguage, byName], context => Assert.Equal(("python", "jupyter:python3"), (context.Language, context.Interpreter)));
    }

    [Fact]
    public async Task State_persists_output_is_streamed_and_results_have_representations()
    {
        string context = await NewAsync();
        CodeRunResult ran = await _agent.RunCodeAsync(context, "import sys\nx = 20\nprint('out')\nprint('err', file=sys.stderr)\nx + 1");
        Assert.Equal(("out\n", "err\n", "21", 1), (ran.Output, ran.ErrorText, ran.Text, ran.End.ExecutionCount));
        ran = await _agent.RunCodeAsync(
            context, "from IPython.display import HTML, Markdown, Latex, JSON\ndisplay(HTML('<b>x</b>'), Markdown('*x*'), Latex('$x$'), JSON({'a': x}))");
        Assert.All(ran.Results, result => Assert.Equal(CodeResultKinds.Display, result.Kind));
        Assert.Equal(
            ["<b>x</b>", "*x*", "$x$", "{\"a\":20}"],
            ran.Results.Zip(["text/html", "text/markdown", "text/latex", "application/json"]).Select(pair => pair.First.Data[pair.Second])
                .Select(value => value.ValueKind == JsonValueKind.String ? value.GetString()! : value.GetRawText().Replace(" ", "", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Printed_bytes_are_unchanged()
    {
        CodeRunResult ran = await _agent.RunCodeAsync(
            await NewAsync(), "import os, subprocess\nsubprocess.run(['echo', 'sub'])\nos.write(1, bytes(range(256)))\nNone");
        Assert.Equal([.. "sub\n"u8, .. Enumerable.Range(0, 256).Select(value => (byte)value)], ran.OutputBytes);
    }

    [Theory]
    [InlineData("def f():\n    return 1 / 0\nf()", "ZeroDivisionError", "division by zero")]
    [InlineData("a b", "SyntaxError", "invalid syntax")]
    [InlineData("input()", "StdinNotImplementedError", "input")]
    [InlineData("import sys; sys.exit(3)", "SystemExit", "3")]
    public async Task Error_has_name_value_and_traceback_without_colours(string code, string name, string value)
    {
        string context = await NewAsync();
        CodeError error = (await _agent.RunCodeAsync(context, code)).End.Error!;
        Assert.Equal(name, error.Name);
        Assert.Contains(value, error.Value, StringComparison.Ordinal);
        Assert.NotEmpty(error.Traceback);
        Assert.All(error.Traceback, line => Assert.DoesNotContain('\u001b', line));
        Assert.All(error.Traceback, line => Assert.DoesNotContain('\n', line));
        Assert.Equal("2", (await _agent.RunCodeAsync(context, "1 + 1")).Text);
    }

    [Theory]
    [InlineData("while True: pass")]
    [InlineData("import time\ntime.sleep(600)")]
    public async Task Timeout_interrupts_the_kernel_and_keeps_the_state(string code)
    {
        string context = await NewAsync();
        await _agent.RunCodeAsync(context, "kept = 1");
        CodeRunResult ran = await _agent.RunCodeAsync(context, new { code, timeoutMs = 300 });
        Assert.Equal((true, "KeyboardInterrupt"), (ran.End.TimedOut, ran.End.Error!.Name));
        ran = await _agent.RunCodeAsync(context, "kept");
        Assert.Equal(("1", false), (ran.Text, ran.End.Restarted));
    }

    [Theory]
    [InlineData("import os; os.kill(os.getpid(), 9)", CodeError.InterpreterEnded)]
    [InlineData("exit()", null)]
    [InlineData("import atexit, time\natexit.register(time.sleep, 600)\nexit()", null)]
    public async Task Dead_kernel_is_replaced_and_the_next_run_reports_it(string code, string? error)
    {
        string context = await NewAsync();
        Assert.Equal(error, (await _agent.RunCodeAsync(context, code)).End.Error?.Name);
        CodeRunResult ran = await _agent.RunCodeAsync(context, "1");
        Assert.Equal(("1", true), (ran.Text, ran.End.Restarted));
    }

    [Fact]
    public async Task Run_directory_and_variables_apply_and_leave_no_names_behind()
    {
        ContextInfo context = await _agent.NewContextAsync(new { cwd = "kernel", env = new { A = "context", B = "context" } });
        Assert.Equal($"{_agent.Workspace}/kernel", context.Cwd);
        const string code = "import os; print(os.getcwd(), os.environ.get('A'), os.environ.get('B'), '__sandbox_before' in dir(), 'changes' in dir())";
        Assert.Equal($"{context.Cwd} context context False False\n", (await _agent.RunCodeAsync(context.Id, code)).Output);
        Assert.Equal($"{context.Cwd} it's '''x''' None False False\n",
            (await _agent.RunCodeAsync(context.Id, new { code, env = new Dictionary<string, string?> { ["A"] = "it's '''x'''", ["B"] = null } })).Output);
        CodeRunResult ran = await _agent.RunCodeAsync(context.Id, code);
        Assert.Equal(($"{context.Cwd} context context False False\n", 3), (ran.Output, ran.End.ExecutionCount));
    }

    [Fact]
    public async Task Matplotlib_figure_is_returned_as_a_valid_PNG()
    {
        CodeRunResult ran = await _agent.RunCodeAsync(await NewAsync(), "import matplotlib.pyplot as plt\nplt.plot([1, 2, 3])\nplt.show()");
        Assert.Null(ran.End.Error);
        byte[] image = ran.Results
            .Where(result => result.Data.ContainsKey("image/png")).Select(result => result.Data["image/png"].GetBytesFromBase64()).Single();
        Assert.Equal([0x89, (byte)'P', (byte)'N', (byte)'G', 0x0d, 0x0a, 0x1a, 0x0a], image[..8]);
        Assert.Equal("IEND"u8, image.AsSpan(image.Length - 8, 4));
    }

    [Fact]
    public async Task Plain_interpreter_returns_figures_as_PNG()
    {
        await using AgentFixture plain = await AgentFixture.NewAsync();
        CodeRunResult ran = await plain.RunCodeAsync(await plain.NewContextAsync("python"), "import matplotlib.pyplot as plt\nplt.plot([1, 2, 3]);");
        byte[] image = ran.Results
            .Where(result => result.Data.ContainsKey("image/png")).Select(result => result.Data["image/png"].GetBytesFromBase64()).Single();
        Assert.Equal([0x89, (byte)'P', (byte)'N', (byte)'G', 0x0d, 0x0a, 0x1a, 0x0a], image[..8]);
    }

    [Fact]
    public async Task Large_output_is_complete()
    {
        CodeRunResult ran = await _agent.RunCodeAsync(await NewAsync(), "for i in range(100_000): print(i)");
        Assert.Equal(string.Concat(Enumerable.Range(0, 100_000).Select(i => $"{i}\n")), ran.Output);
    }

    [Fact]
    public async Task Kernel_that_does_not_start_is_an_error_with_its_reason()
    {
        string kernel = Path.Combine(_agent.Workspace, "jupyter/kernels/broken");
        Directory.CreateDirectory(kernel);
        await File.WriteAllTextAsync(Path.Combine(kernel, "kernel.json"),
            """{"argv":["sh","-c","echo 'no such thing' >&2; exit 3","{connection_file}"],"language":"broken","display_name":"Broken"}""");
        using HttpResponseMessage answer = await _agent.PostAsync(
            "context", new { language = "broken", env = new { JUPYTER_PATH = Path.Combine(_agent.Workspace, "jupyter") } });
        ErrorBody error = JsonSerializer.Deserialize(await answer.Content.ReadAsStringAsync(), ProtocolJson.Default.ErrorBody)!;
        Assert.Equal((HttpStatusCode.BadGateway, ErrorCodes.InterpreterFailed), (answer.StatusCode, error.Code));
        Assert.Contains("no such thing", error.Error, StringComparison.Ordinal);
    }

    private async Task<string> NewAsync() => (await _agent.NewContextAsync(new { language = "python" })).Id;

    /// <summary>Agent that finds the kernels of the distribution.</summary>
    public sealed class Agent : IAsyncLifetime
    {
        public const string Kernels = "/usr/share/jupyter/kernels";

        public AgentFixture Fixture { get; } = new() { Kernels = [Kernels] };

        public ValueTask InitializeAsync() => Fixture.InitializeAsync();

        public ValueTask DisposeAsync() => Fixture.DisposeAsync();
    }
}
