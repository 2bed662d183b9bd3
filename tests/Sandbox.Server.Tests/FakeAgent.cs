using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Text;
using System.Text.RegularExpressions;
using Sandbox.Linux;
using Sandbox.Protocol;
using Sandbox.Server.Engines.Bubblewrap;
using Sandbox.Server.Infrastructure;
using Sandbox.Server.Sandboxes;

namespace Sandbox.Server.Tests;

/// <summary>Agent under the control of hostile code: it sends any bytes that a test defines.</summary>
internal sealed class FakeAgent : IDisposable
{
    private readonly Socket _listener;
    private readonly Process _body;

    private FakeAgent(Socket listener, Process body)
    {
        _listener = listener;
        _body = body;
    }

    /// <summary>Installs the agent as the running sandbox <c>fake</c> of a server that has not started yet.</summary>
    public static FakeAgent Install(TestServer server)
    {
        Directory.CreateDirectory($"{server.Home}/run");
        string directory = $"{server.Home}/state/boxes/77";
        foreach (string name in (string[])["workspace", "home", "state"])
        {
            Directory.CreateDirectory($"{directory}/{name}");
        }

        string socket = $"{server.Home}/run/fake.sock";
        Socket listener = UnixSocket.Listen(socket);
        Process body = Process.Start("sleep", "1000");
        ProcessEntry entry = ProcessTable.Find(body.Id)!.Value;
        SandboxRecord record = new()
        {
            Id = "fake",
            Number = 77,
            CreatedAt = DateTimeOffset.UtcNow,
            Network = "none",
            Phase = SandboxPhase.Ready,
            Engine = "bubblewrap",
        };
        BubblewrapProcess process = new(entry.Id, entry.StartTime, ProcessTable.PidNamespaceOf(entry.Id), entry.Id, entry.StartTime, socket, "");
        record = record.WithState(new BubblewrapState { UserId = TestMachine.IdOf(server.User), Process = process });
        AtomicFile.WriteJson($"{directory}/box.json", record, RecordJson.Default.SandboxRecord);
        return new FakeAgent(listener, body);
    }

    /// <summary>Accepts the next request and reads it to the end of its headers.</summary>
    public async Task<(NetworkStream Connection, string Request)> AcceptAsync(CancellationToken cancellationToken = default)
    {
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Wait.Limit);
        NetworkStream connection = new(await _listener.AcceptAsync(limit.Token), ownsSocket: true);
        StringBuilder text = new();
        byte[] buffer = new byte[4096];
        while (!text.ToString().Contains("\r\n\r\n", StringComparison.Ordinal))
        {
            int count = await connection.ReadAsync(buffer, limit.Token);
            Assert.NotEqual(0, count);
            text.Append(Encoding.ASCII.GetString(buffer, 0, count));
        }

        return (connection, text.ToString());
    }

    /// <summary>Responds to the next request and closes the connection.</summary>
    public async Task<string> AnswerAsync(string bytes, CancellationToken cancellationToken = default)
    {
        (NetworkStream connection, string request) = await AcceptAsync(cancellationToken);
        await using (connection)
        {
            // Closing a socket with unread data resets the connection, and the response could be lost.
            await connection.ReadExactlyAsync(new byte[BodyLeft(request)], CancellationToken.None);
            await connection.WriteAsync(Encoding.ASCII.GetBytes(bytes), CancellationToken.None);
        }

        return request;
    }

    /// <summary>Returns how much of the body of a request has not been read yet.</summary>
    private static int BodyLeft(string request)
    {
        Match length = Regex.Match(request, @"^Content-Length: (\d+)\r$", RegexOptions.Multiline);
        int body = request.Length - request.IndexOf("\r\n\r\n", StringComparison.Ordinal) - 4;
        return length.Success ? int.Parse(length.Groups[1].Value, CultureInfo.InvariantCulture) - body : 0;
    }

    public void Dispose()
    {
        _listener.Dispose();
        _body.Kill();
        _body.WaitForExit();
        _body.Dispose();
    }
}
