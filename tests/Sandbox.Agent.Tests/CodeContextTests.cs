using System.Net;
using System.Text.Json;
using Sandbox.Protocol;

namespace Sandbox.Agent.Tests;

/// <summary>Code contexts with plain interpreters. What all of them share is tested once with Python and once with JavaScript.</summary>
public sealed class CodeContextTests(AgentFixture agent) : IClassFixture<AgentFixture>
{
    private const string Python = "python";
    private const string JavaScript = "javascript";

    [Theory]
    [InlineData(Python, "x = 20", "x + 1", "21")]
    [InlineData(Python, "def f(n):\n    return n * 2", "f(4)", "8")]
    [InlineData(Python, "import asyncio\nasync def f():\n    await asyncio.sleep(0.001)\n    return 'later'", "await f()", "'later'")]
    [InlineData(Python, "import pickle\nclass K: pass", "type(pickle.loads(pickle.dumps(K()))).__name__", "'K'")]
    [InlineData(JavaScript, "const x = 20", "x + 1", "21")]
    [InlineData(JavaScript, "const x = 1", "const x = 2; x", "2")]
    [InlineData(JavaScript, "const os = await import('node:os')", "typeof os.cpus", "function")]
    [InlineData(JavaScript, "const later = await new Promise(done => setTimeout(() => done(7), 1))", "later", "7")]
    [InlineData(JavaScript, "const fs = require('fs')", "fs.existsSync('.')", "true")]
    [InlineData(JavaScript, "let s = \"import('a')\" + 'import(\"b\")' + /import(c)/.source // import('d')",
        "s + `import('e') ${typeof (await import('node:fs')).readFile}`", "import('a')import(\"b\")import(c)import('e') function")]
    public async Task State_persists_within_a_context(string language, string first, string second, string shown)
    {
        string context = await agent.NewContextAsync(language);
        Assert.Null((await agent.RunCodeAsync(context, first)).End.Error);
        CodeRunResult ran = await agent.RunCodeAsync(context, second);
        Assert.Equal(shown, ran.Text);
        Assert.Equal(("", 2), (ran.Output, ran.End.ExecutionCount));
    }

    [Theory]
    [InlineData(Python, "import sys; print('out'); print('err', file=sys.stderr); 'value'", "out\n", "err\n", "'value'")]
    [InlineData(Python, "import subprocess; subprocess.run(['sh', '-c', 'echo sub; echo bad >&2']).returncode", "sub\n", "bad\n", "0")]
    [InlineData(Python, "import os; os.write(1, b'raw')", "raw", "", "3")]
    [InlineData(JavaScript, "console.log('out'); console.error('err'); 'value'", "out\n", "err\n", "value")]
    [InlineData(JavaScript, "require('child_process').spawnSync('sh', ['-c', 'echo sub; echo bad >&2'], { stdio: 'inherit' }).status", "sub\n", "bad\n", "0")]
    [InlineData(JavaScript, "require('fs').writeSync(1, 'raw')", "raw", "", "3")]
    public async Task Printed_text_is_output_and_the_last_value_is_not(string language, string code, string output, string error, string value)
    {
        CodeRunResult ran = await agent.RunCodeAsync(await agent.NewContextAsync(language), code);
        Assert.Equal((output, error, value), (ran.Output, ran.ErrorText, ran.Text));
    }

    [Theory]
    [InlineData(
        Python, "import sys, time, os\nsys.stdout.buffer.write(bytes(range(256)))\nprint('', end='')\nprint('half', end='')\n" +
        "while not os.path.exists('{gate}'): time.sleep(0.01)")]
    [InlineData(JavaScript,
        "process.stdout.write(Buffer.from([...Array(256).keys()])); process.stdout.write('half'); const fs = require('fs'); while (!fs.existsSync('{gate}'));")]
    public async Task Output_is_streamed_without_waiting_for_complete_lines(string language, string code)
    {
        Gate gate = agent.NewGate();
        string context = await agent.NewContextAsync(language);
        using HttpResponseMessage answer = await agent.PostAsync(
            $"context/{context}/run", new { code = code.Replace("{gate}", gate.Path, StringComparison.Ordinal) });
        using StreamReader reader = new(await answer.Content.ReadAsStreamAsync());
        using CancellationTokenSource limit = new(Wait.Limit);
        List<byte> seen = [];
        while (seen.Count < 260)
        {
            string line = (await reader.ReadLineAsync(limit.Token))!;
            if (line.StartsWith("data: ", StringComparison.Ordinal))
            {
                seen.AddRange(Convert.FromBase64String(line[6..]));
            }
        }

        Assert.Equal([.. Enumerable.Range(0, 256).Select(value => (byte)value), .. "half"u8], seen);
        gate.Open();
        Assert.Contains("event: exit", await reader.ReadToEndAsync(limit.Token), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(Python, "def f():\n    return 1 / 0\nf()", "ZeroDivisionError", "division by zero", "line 2, in f")]
    [InlineData(Python, "a b", "SyntaxError", "invalid syntax (<run 1>, line 1)", "a b")]
    [InlineData(Python, "import sys; sys.exit(3)", "SystemExit", "3", "sys.exit(3)")]
    [InlineData(Python, "raise Exception('half \\ud800')", "Exception", "half ?", "half ?")]
    [InlineData(Python, "input()", "EOFError", "EOF when reading a line", "input()")]
    [InlineData(JavaScript, "function f() { null.x }\nf()", "TypeError", "Cannot read properties of null (reading 'x')", "at f (<run 1>:1:21)")]
    [InlineData(JavaScript, "let q = ;", "SyntaxError", "Unexpected token ';'", "SyntaxError")]
    [InlineData(JavaScript, "class Own extends Error { name = 'Own' }; throw new Own('mine')", "Own", "mine", "Own")]
    [InlineData(JavaScript, "throw { a: 1 }", "object", "{ a: 1 }", "Uncaught { a: 1 }")]
    [InlineData(JavaScript, "await Promise.reject(new RangeError('half \\ud800'))", "RangeError", "half \ufffd", "RangeError")]
    public async Task Error_has_name_value_and_traceback_and_the_context_continues(string language, string code, string name, string value, string trace)
    {
        string context = await agent.NewContextAsync(language);
        CodeRunResult ran = await agent.RunCodeAsync(context, code);
        Assert.Equal((name, value), (ran.End.Error!.Name, ran.End.Error.Value));
        Assert.Contains(ran.End.Error.Traceback, line => line.Contains(trace, StringComparison.Ordinal));
        Assert.DoesNotContain(ran.End.Error.Traceback, line => line.Contains("drivers", StringComparison.Ordinal));
        Assert.Equal("2", (await agent.RunCodeAsync(context, "1 + 1")).Text);
    }

    [Theory]
    [InlineData(Python, "{'a': [1, float('nan')]}", "{'a': [1, nan]}")]
    [InlineData(Python, "{'a': 1, 'b': {1}}", "{'a': 1, 'b': {1}}")]
    [InlineData(JavaScript, "const c = {}; c.c = c; c", "<ref *1> { c: [Circular *1] }")]
    [InlineData(JavaScript, "({ big: 1n })", "{ big: 1n }")]
    public async Task Value_that_is_not_JSON_has_its_text(string language, string code, string text)
    {
        CodeRunResult ran = await agent.RunCodeAsync(await agent.NewContextAsync(language), code);
        Assert.Equal(text, ran.Text);
        Assert.Equal(["text/plain"], ran.Results[0].Data.Keys);
    }

    [Theory]
    [InlineData(Python, "{'a': [1, None]}")]
    [InlineData(JavaScript, "({ a: [1, null] })")]
    public async Task Value_that_is_JSON_has_its_JSON(string language, string code)
    {
        CodeRunResult ran = await agent.RunCodeAsync(await agent.NewContextAsync(language), code);
        Assert.Equal("""{"a":[1,null]}""", Assert.Single(ran.Results).Data["application/json"].GetRawText().Replace(" ", "", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Objects_are_shown_in_all_their_representations()
    {
        string context = await agent.NewContextAsync(Python);
        CodeRunResult ran = await agent.RunCodeAsync(context,
            """
            class All:
                def __repr__(self): return 'text'
                def _repr_html_(self): return '<b>html</b>'
                def _repr_markdown_(self): return '*markdown*'
                def _repr_latex_(self): return '$latex$'
                def _repr_svg_(self): return '<svg/>'
                def _repr_json_(self): return {'a': 1}
                def _repr_png_(self): return b'png'
                def _repr_jpeg_(self): return b'jpeg', {}
                def _repr_mimebundle_(self, **_): return {'application/vnd.vegalite.v5+json': {'mark': 'bar'}}
            print('before')
            display(All())
            print('between')
            All()
            """);
        Assert.Equal(("before\nbetween\n", CodeEvents.StandardOutput, CodeEvents.Exit), (ran.Output, ran.Order[0], ran.Order[^1]));
        Assert.Equal([CodeResultKinds.Display, CodeResultKinds.Result], ran.Results.Select(result => result.Kind));
        Assert.All(ran.Results, result =>
        {
            string? Of(string type) => result.Data[type].ValueKind == JsonValueKind.String ? result.Data[type].GetString() : result.Data[type].GetRawText();
            Assert.Equal(
                ["text", "<b>html</b>", "*markdown*", "$latex$", "<svg/>", "{\"a\":1}", "cG5n", "anBlZw==", "{\"mark\":\"bar\"}"],
                new[] { "text/plain", "text/html", "text/markdown", "text/latex", "image/svg+xml", "application/json", "image/png", "image/jpeg",
                    "application/vnd.vegalite.v5+json" }
                    .Select(type => Of(type)!.Replace(": ", ":", StringComparison.Ordinal)));
        });
    }

    [Theory]
    [InlineData(Python, "import os; [os.getcwd(), os.environ.get('A'), os.environ.get('B')]")]
    [InlineData(JavaScript, "[process.cwd(), process.env.A ?? null, process.env.B ?? null]")]
    public async Task Run_overrides_directory_and_variables_of_context_and_session(string language, string code)
    {
        string session = await agent.NewSessionAsync(
            new { cwd = $"ctx-{language}", env = new { A = "session", B = "session", PATH = CodeContextExtensions.SearchPath } });
        ContextInfo context = await agent.NewContextAsync(new { language, cwd = "sub", env = new { B = "context" } }, session);
        Assert.Equal((session, $"{agent.Workspace}/ctx-{language}/sub"), (context.SessionId, context.Cwd));
        Assert.Equal([context.Cwd, "session", "context"], await ShownAsync(new { code }));
        Assert.Equal([context.Cwd, null, "run"], await ShownAsync(new { code, env = new Dictionary<string, string?> { ["A"] = null, ["B"] = "run" } }));
        Assert.Equal([context.Cwd, "session", "context"], await ShownAsync(new { code }));

        async Task<string?[]> ShownAsync(object request) =>
            [.. Assert.Single((await agent.RunCodeAsync(context.Id, request)).Results).Data["application/json"].EnumerateArray()
                .Select(item => item.GetString())];
    }

    [Fact]
    public async Task New_session_does_not_inherit_the_default_context_of_its_id()
    {
        object request = new { language = "python", @default = true };
        string session = await agent.NewSessionAsync(new { id = "again", env = new { PATH = CodeContextExtensions.SearchPath } });
        string first = (await agent.NewContextAsync(request, session)).Id;
        Assert.Null((await agent.RunCodeAsync(first, "leftover = 1")).End.Error);
        using HttpResponseMessage deleted = await agent.SendAsync(HttpMethod.Delete, "session/again", null);
        await agent.NewSessionAsync(new { id = "again", env = new { PATH = CodeContextExtensions.SearchPath } });

        string second = (await agent.NewContextAsync(request, session)).Id;

        Assert.Equal("NameError", (await agent.RunCodeAsync(second, "leftover")).End.Error?.Name);
        using HttpResponseMessage gone = await agent.Http.GetAsync("context/" + first);
        Assert.Equal(ErrorCodes.ContextNotFound, await AgentFixture.ReadErrorCodeAsync(gone));
    }

    [Fact]
    public async Task Default_context_of_a_language_is_created_once()
    {
        object request = new { language = "py", @default = true };
        string[] ids = [.. (await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => agent.NewContextAsync(request)))).Select(context => context.Id)];
        string id = Assert.Single(ids.Distinct());
        Assert.NotEqual(id, (await agent.NewContextAsync(new { language = JavaScript, @default = true })).Id);
        string session = await agent.NewSessionAsync();
        Assert.NotEqual(id, (await agent.NewContextAsync(request, session)).Id);
        using HttpResponseMessage deleted = await agent.SendAsync(HttpMethod.Delete, $"context/{id}", null);
        Assert.Equal(HttpStatusCode.NoContent, deleted.StatusCode);
        Assert.NotEqual(id, (await agent.NewContextAsync(request)).Id);
    }

    [Fact]
    public async Task Twenty_contexts_run_concurrently_and_share_nothing()
    {
        string[] contexts = await Task.WhenAll(Enumerable.Range(0, 20).Select(i => agent.NewContextAsync(i % 4 == 0 ? JavaScript : Python)));
        CodeRunResult[] first = await Task.WhenAll(contexts.Select((context, i) => agent.RunCodeAsync(context, $"own = {i}")));
        Assert.All(first, ran => Assert.Null(ran.End.Error));
        CodeRunResult[] second = await Task.WhenAll(contexts.Select(context => agent.RunCodeAsync(context, "own + 100")));
        Assert.Equal(Enumerable.Range(100, 20).Select(i => $"{i}"), second.Select(ran => ran.Text));
        foreach (string context in contexts)
        {
            await agent.SendAsync(HttpMethod.Delete, $"context/{context}", null);
        }
    }

    [Fact]
    public async Task Runs_of_one_context_are_sequential()
    {
        string context = await agent.NewContextAsync(Python);
        await agent.RunCodeAsync(context, "n = 0");
        Task<CodeRunResult>[] runs = [.. Enumerable.Range(0, 8)
            .Select(_ => agent.RunCodeAsync(context, "before = n\nimport time\ntime.sleep(0.01)\nn = before + 1"))];
        await Task.WhenAll(runs);
        Assert.Equal("8", (await agent.RunCodeAsync(context, "n")).Text);
    }

    [Fact]
    public async Task Disconnecting_interrupts_the_run()
    {
        string context = await agent.NewContextAsync(Python);
        using (HttpResponseMessage answer = await agent.PostAsync($"context/{context}/run", new { code = "kept = 1\nprint('begun')\nwhile True: pass" }))
        {
            using StreamReader reader = new(await answer.Content.ReadAsStreamAsync());
            string? line;
            while ((line = await reader.ReadLineAsync()) != "event: stdout")
            {
                Assert.NotNull(line);
            }
        }

        CodeRunResult ran = await agent.RunCodeAsync(context, "kept");
        Assert.Equal(("1", false), (ran.Text, ran.End.Restarted));
    }

    [Fact]
    public async Task Slow_reader_blocks_the_code_and_nothing_is_lost()
    {
        Gate printed = agent.NewGate();
        string context = await agent.NewContextAsync(Python);
        using HttpResponseMessage answer = await agent.PostAsync(
            $"context/{context}/run", new { code = $"import sys\nfor i in range(50): sys.stdout.write('x' * 1_000_000)\nopen('{printed}', 'w').close()" });

        // Another context prints as much meanwhile: this one would have finished too if it were not blocked.
        CodeRunResult other = await agent.RunCodeAsync(
            await agent.NewContextAsync(Python), "import sys\nfor i in range(50): sys.stdout.write('x' * 1_000_000)");
        Assert.Equal(50_000_000, other.OutputBytes.Length);
        Assert.False(printed.IsOpen);
        CodeRunResult ran = await CodeContextExtensions.ReadAsync(answer);
        Assert.Equal((50_000_000, true), (ran.OutputBytes.Length, printed.IsOpen));
    }

    [Fact]
    public async Task Deletion_ends_the_run_and_all_its_processes()
    {
        UniqueSleep mark = new();
        string context = await agent.NewContextAsync(Python);
        using HttpResponseMessage answer = await agent.PostAsync(
            $"context/{context}/run", new { code = $"import subprocess\np = subprocess.Popen('{mark.Command}'.split())\nwhile True: pass" });
        await mark.WaitForCountAsync(1);
        using HttpResponseMessage deleted = await agent.SendAsync(HttpMethod.Delete, $"context/{context}", null);
        Assert.Contains(ErrorCodes.ContextClosed, await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        await Wait.UntilAsync(() => mark.Processes.Count == 0, "the child has ended");
        using HttpResponseMessage gone = await agent.PostAsync($"context/{context}/run", new { code = "1" });
        Assert.Equal(HttpStatusCode.NotFound, gone.StatusCode);
    }

    [Theory]
    [InlineData("POST", "context", """{"language":"klingon"}""", 501, ErrorCodes.LanguageNotAvailable)]
    [InlineData("POST", "context", """{"language":"python","env":{"PATH":"/nothing"}}""", 501, ErrorCodes.LanguageNotAvailable)]
    [InlineData("POST", "context", """{"id":"a/b"}""", 400, ErrorCodes.InvalidRequest)]
    [InlineData("POST", "context", """{"env":{"1":"x"}}""", 400, ErrorCodes.InvalidRequest)]
    [InlineData("POST", "context", """{"timeoutMs":0}""", 400, ErrorCodes.InvalidRequest)]
    [InlineData("POST", "context", """{"default":true,"cwd":"/tmp"}""", 400, ErrorCodes.InvalidRequest)]
    [InlineData("POST", "context", """{"cwd":"/proc/nothing"}""", 400, ErrorCodes.WorkingDirectoryNotFound)]
    [InlineData("POST", "context", """{"gpu":true}""", 501, ErrorCodes.Unsupported)]
    [InlineData("GET", "context/nope", null, 404, ErrorCodes.ContextNotFound)]
    [InlineData("DELETE", "context/nope", null, 404, ErrorCodes.ContextNotFound)]
    [InlineData("POST", "context/nope/run", """{"code":"1"}""", 404, ErrorCodes.ContextNotFound)]
    [InlineData("POST", "context/nope/run", "{}", 400, ErrorCodes.InvalidRequest)]
    public async Task Invalid_context_request_is_refused_and_creates_nothing(string method, string path, string? body, int status, string code)
    {
        int before = (await ContextsAsync()).Count;
        using HttpResponseMessage answer = await agent.SendAsync(new HttpMethod(method), path, body);
        ErrorBody error = JsonSerializer.Deserialize(await answer.Content.ReadAsStringAsync(), ProtocolJson.Default.ErrorBody)!;
        Assert.Equal((status, code), ((int)answer.StatusCode, error.Code));
        Assert.Equal(before, (await ContextsAsync()).Count);
    }

    [Fact]
    public async Task Taken_id_and_unknown_session_are_errors()
    {
        await agent.NewContextAsync(new { id = "taken" });
        using HttpResponseMessage again = await agent.PostAsync("context", new { id = "taken" });
        Assert.Equal(HttpStatusCode.Conflict, again.StatusCode);
        using HttpResponseMessage ghost = await agent.PostAsync("context", new { }, "ghost");
        Assert.Equal(HttpStatusCode.NotFound, ghost.StatusCode);
    }

    [Fact]
    public async Task TypeScript_runs_or_names_the_missing_package()
    {
        using HttpResponseMessage answer = await agent.PostAsync("context", new { language = "ts", env = new { PATH = CodeContextExtensions.SearchPath } });
        string body = await answer.Content.ReadAsStringAsync();
        if (answer.StatusCode == HttpStatusCode.NotImplemented)
        {
            Assert.Contains("node-typescript", body, StringComparison.Ordinal);
            Assert.Skip("No TypeScript compiler is installed: code was NOT run. The error that says so was tested. Install node-typescript.");
        }

        string context = JsonSerializer.Deserialize(body, ProtocolJson.Default.ContextInfo)!.Id;
        await agent.RunCodeAsync(context, "interface P { n: number } const p: P = { n: 4 }; enum E { A = 3 }");
        Assert.Equal("7", (await agent.RunCodeAsync(context, "(p.n as number) + E.A")).Text);
        Assert.Equal("SyntaxError", (await agent.RunCodeAsync(context, "let q: = 1")).End.Error!.Name);
        CodeRunResult ran = await agent.RunCodeAsync(context, new { code = "while (true as boolean);", timeoutMs = 300 });
        Assert.True(ran.End.TimedOut);
        Assert.Equal("7", (await agent.RunCodeAsync(context, "const r: number = await Promise.resolve(p.n + 3); r")).Text);
    }

    private async Task<IReadOnlyList<ContextInfo>> ContextsAsync() =>
        JsonSerializer.Deserialize(await agent.Http.GetStringAsync("context"), ProtocolJson.Default.ContextList)!.Contexts;
}
