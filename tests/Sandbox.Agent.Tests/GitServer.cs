using System.Diagnostics;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Sandbox.Agent.Tests;

/// <summary>Repository served by git http-backend, optionally with basic authentication.</summary>
internal sealed class GitServer : IDisposable
{
    private readonly WebApplication _server;
    private readonly Lock _gate = new();
    private readonly string _root = Directory.CreateTempSubdirectory("sbgit").FullName;
    private readonly string? _password;

    /// <summary>Creates the repository: three commits on <c>main</c>, a branch <c>side</c>, a tag <c>v1</c> on the first commit.</summary>
    public GitServer(string? password = null)
    {
        _password = password;
        Run(_root, "init -q -b main work");
        foreach (int i in new[] { 1, 2, 3 })
        {
            File.WriteAllText(Path.Combine(Work, "file"), $"{i}");
            Run(Work, "add file");
            Run(Work, $"-c user.name=a -c user.email=a@b commit -q -m {i}");
            if (i == 1)
            {
                Run(Work, "tag v1");
                Run(Work, "branch side");
            }
        }

        Run(_root, "clone -q --bare work repo.git");
        Run(Path.Combine(_root, "repo.git"), "config uploadpack.allowAnySHA1InWant true");
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        _server = builder.Build();
        _server.Run(AnswerAsync);
        _server.StartAsync().GetAwaiter().GetResult();
        Origin = _server.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();
    }

    public string Origin { get; }

    public string Uri => Origin + "/repo.git";

    /// <summary>Gets the directory of the repository.</summary>
    public string Bare => Path.Combine(_root, "repo.git");

    /// <summary>Gets or sets a callback that runs, one at a time, during each request with the right password.</summary>
    public Action? OnAuthenticated { get; set; }

    /// <summary>Gets or sets whether requests get no response.</summary>
    public bool IsUnresponsive { get; set; }

    /// <summary>Gets or sets the address that all requests are redirected to.</summary>
    public string? Redirect { get; set; }

    /// <summary>Gets the number of requests received.</summary>
    public int Requests { get; private set; }

    private string Work => Path.Combine(_root, "work");

    public string CommitOf(string name) => Run(Bare, $"rev-parse {name}").Trim();

    public static string Run(string directory, string arguments)
    {
        using Process git = Process.Start(
            IgnoreUserSettings(new ProcessStartInfo("git", arguments) { WorkingDirectory = directory, RedirectStandardOutput = true }))!;
        string output = git.StandardOutput.ReadToEnd();
        git.WaitForExit();
        return git.ExitCode == 0 ? output : throw new InvalidOperationException($"git {arguments}: {git.ExitCode}");
    }

    public void Dispose()
    {
        // Without a grace period, since requests without a response never end.
        using CancellationTokenSource now = new();
        now.Cancel();
        _server.StopAsync(now.Token).GetAwaiter().GetResult();
        ((IDisposable)_server).Dispose();
        Directory.Delete(_root, recursive: true);
    }

    private static ProcessStartInfo IgnoreUserSettings(ProcessStartInfo start)
    {
        start.Environment["GIT_CONFIG_GLOBAL"] = "/dev/null";
        start.Environment["GIT_CONFIG_NOSYSTEM"] = "1";
        return start;
    }

    private async Task AnswerAsync(HttpContext context)
    {
        lock (_gate)
        {
            Requests++;
        }

        if (IsUnresponsive)
        {
            await Task.Delay(Timeout.Infinite, context.RequestAborted);
        }

        if (Redirect is not null)
        {
            context.Response.Redirect(Redirect + context.Request.Path + context.Request.QueryString);
            return;
        }

        if (_password is not null)
        {
            string expected = "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes("me:" + _password));
            if (context.Request.Headers.Authorization != expected)
            {
                context.Response.StatusCode = StatusCodes.Status401Unauthorized;
                context.Response.Headers.WWWAuthenticate = "Basic realm=\"test\"";
                return;
            }

            lock (_gate)
            {
                OnAuthenticated?.Invoke();
            }
        }

        // The common gateway interface: RFC 3875.
        ProcessStartInfo start = IgnoreUserSettings(new("git", ["http-backend"]) { RedirectStandardInput = true, RedirectStandardOutput = true });
        foreach ((string name, string? value) in new (string, string?)[]
        {
            ("GIT_PROJECT_ROOT", _root), ("GIT_HTTP_EXPORT_ALL", "1"), ("REQUEST_METHOD", context.Request.Method), ("PATH_INFO", context.Request.Path.Value),
            ("QUERY_STRING", context.Request.QueryString.Value?.TrimStart('?')), ("CONTENT_TYPE", context.Request.ContentType),
            ("HTTP_CONTENT_ENCODING", context.Request.Headers.ContentEncoding), ("GIT_PROTOCOL", context.Request.Headers["Git-Protocol"]),
        })
        {
            start.Environment[name] = value;
        }

        using Process backend = Process.Start(start)!;
        await context.Request.Body.CopyToAsync(backend.StandardInput.BaseStream);
        backend.StandardInput.Close();
        MemoryStream answer = new();
        await backend.StandardOutput.BaseStream.CopyToAsync(answer);
        byte[] bytes = answer.ToArray();
        int head = bytes.AsSpan().IndexOf("\r\n\r\n"u8);
        foreach (string line in Encoding.ASCII.GetString(bytes, 0, head).Split("\r\n"))
        {
            string[] parts = line.Split(": ", 2);
            if (parts[0] == "Status")
            {
                context.Response.StatusCode = int.Parse(parts[1].AsSpan(0, 3), System.Globalization.CultureInfo.InvariantCulture);
            }
            else
            {
                context.Response.Headers[parts[0]] = parts[1];
            }
        }

        await context.Response.Body.WriteAsync(bytes.AsMemory(head + 4));
    }
}
