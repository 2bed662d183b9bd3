using System.Net;
using System.Text;

namespace Sandbox.Tests;

/// <summary>HTTP server whose responses the test defines. Requests are answered concurrently.</summary>
internal sealed class HttpStub : IDisposable
{
    private readonly HttpListener _listener;
    private readonly Func<HttpListenerRequest, Task<StubAnswer>> _answer;

    public HttpStub(Func<HttpListenerRequest, Task<StubAnswer>> answer)
    {
        _answer = answer;
        (_listener, Uri) = Listen();
        _ = ServeAsync();
    }

    public string Uri { get; }

    // HttpListener has no option for any free port.
    public static (HttpListener Listener, string Uri) Listen()
    {
        while (true)
        {
            HttpListener listener = new();
            string uri = $"http://127.0.0.1:{Random.Shared.Next(20_000, 30_000)}";
            listener.Prefixes.Add(uri + "/");
            try
            {
                listener.Start();
                return (listener, uri);
            }
            catch (HttpListenerException)
            {
                // The port is in use.
            }
        }
    }

    public void Dispose() => _listener.Close();

    private async Task ServeAsync()
    {
        try
        {
            while (await _listener.GetContextAsync() is { } context)
            {
                _ = AnswerAsync(context);
            }
        }
        catch (Exception e) when (e is HttpListenerException or ObjectDisposedException)
        {
            // The listener was closed.
        }
    }

    private async Task AnswerAsync(HttpListenerContext context)
    {
        StubAnswer answer = await _answer(context.Request);
        try
        {
            context.Response.StatusCode = answer.Status;
            context.Response.ContentType = answer.Type;
            if (answer.IsFromSandbox)
            {
                context.Response.Headers["Answered-By"] = "sandbox";
            }

            foreach ((string name, string value) in answer.Headers ?? [])
            {
                context.Response.Headers[name] = value;
            }

            await context.Response.OutputStream.WriteAsync(answer.Content ?? Encoding.UTF8.GetBytes(answer.Body));
            context.Response.Close();
        }
        catch (Exception e) when (e is HttpListenerException or ObjectDisposedException)
        {
            // The client has disconnected, or the test is over.
        }
    }
}

/// <summary>A response of <see cref="HttpStub"/>.</summary>
internal sealed record StubAnswer(string Body, int Status = 200, bool IsFromSandbox = true, string Type = "application/json")
{
    public Dictionary<string, string>? Headers { get; init; }

    /// <summary>Gets the body when it is not text.</summary>
    public byte[]? Content { get; init; }
}
