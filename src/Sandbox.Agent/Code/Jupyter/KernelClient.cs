using System.Net.Sockets;
using System.Text.Json;
using Sandbox.Protocol;

namespace Sandbox.Agent.Code.Jupyter;

/// <summary>The client of a Jupyter kernel: its channels, and the one request in progress.</summary>
/// <param name="process">The kernel's process, which is killed when the connection breaks.</param>
internal sealed class KernelClient(ConnectionFile connection, InterpreterProcess process) : IAsyncDisposable
{
    private static readonly TimeSpan ConnectPause = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan HandshakeLimit = TimeSpan.FromSeconds(2);

    private readonly string _session = Identifier.Generate();
    private readonly CancellationTokenSource _ended = new();
    private readonly Lock _gate = new();
    private ZmtpConnection _shell = null!;
    private ZmtpConnection _output = null!;
    private ZmtpConnection _control = null!;
    private KernelExecution? _current;

    /// <summary>Connects and waits until the kernel replies.</summary>
    public async Task ConnectAsync(CancellationToken cancellationToken)
    {
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _ended.Token);
        _output = await ConnectAsync(connection.Output, "SUB", stop.Token);
        _shell = await ConnectAsync(connection.Shell, "DEALER", stop.Token);
        _control = await ConnectAsync(connection.Control, "DEALER", stop.Token);
        _ = ReadAsync(_shell, message => Find(message)?.OnReply(message));
        _ = ReadAsync(_output, OnOutput);
        _ = ReadAsync(_control, static _ => { });

        // A subscription takes effect after a while; the kernel is ready when its reply and its output both arrive.
        while (true)
        {
            KernelExecution handshake = Begin(null);
            await SendAsync(_shell, "kernel_info_request", handshake.Id, static _ => { });
            if (await Task.WhenAny(handshake.Done, Task.Delay(HandshakeLimit, stop.Token)) == handshake.Done)
            {
                return;
            }

            stop.Token.ThrowIfCancellationRequested();
        }
    }

    /// <summary>Executes code until the kernel is done or ends.</summary>
    /// <param name="silent">Whether the execution is neither counted nor recorded in the history.</param>
    public async Task<KernelExecution> ExecuteAsync(string code, bool silent, RunEvents? events)
    {
        KernelExecution execution = Begin(events);
        await SendAsync(_shell, "execute_request", execution.Id, writer =>
        {
            writer.WriteString("code", code);
            writer.WriteBoolean("silent", silent);
            writer.WriteBoolean("store_history", !silent);
            writer.WriteStartObject("user_expressions");
            writer.WriteEndObject();
            writer.WriteBoolean("allow_stdin", false);

            // Otherwise a kernel aborts requests that follow an error too soon. Our runs come one by one, and their clients know of the error.
            writer.WriteBoolean("stop_on_error", false);
        });
        await Task.WhenAny(execution.Done, process.Ended);
        lock (_gate)
        {
            _current = null;
        }

        return execution;
    }

    /// <summary>Sends the message that interrupts the running code.</summary>
    public Task InterruptAsync() => SendAsync(_control, "interrupt_request", Identifier.Generate(), static _ => { });

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        await _ended.CancelAsync();
        _shell?.Dispose();
        _output?.Dispose();
        _control?.Dispose();
    }

    private static async Task<ZmtpConnection> ConnectAsync(int port, string type, CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                return await ZmtpConnection.ConnectAsync(port, type, cancellationToken);
            }
            catch (SocketException)
            {
                // The kernel does not listen yet.
                await Task.Delay(ConnectPause, cancellationToken);
            }
        }
    }

    private KernelExecution Begin(RunEvents? events)
    {
        KernelExecution execution = new(Identifier.Generate(), events);
        lock (_gate)
        {
            _current = execution;
        }

        return execution;
    }

    private async Task SendAsync(ZmtpConnection channel, string type, string id, Action<Utf8JsonWriter> writeContent)
    {
        try
        {
            await channel.SendAsync(JupyterMessage.Write(type, id, _session, connection.Key, writeContent), _ended.Token);
        }
        catch (Exception exception) when (exception is OperationCanceledException or IOException or ObjectDisposedException)
        {
            // It has ended; otherwise it cannot be used without its channels.
            process.Kill();
        }
    }

    private async Task ReadAsync(ZmtpConnection channel, Action<JupyterMessage> onMessage)
    {
        try
        {
            while (true)
            {
                if (JupyterMessage.Read(await channel.ReceiveAsync(_ended.Token), connection.Key) is { } message)
                {
                    onMessage(message);
                }
            }
        }
        catch (Exception exception)
            when (exception is OperationCanceledException or IOException or ObjectDisposedException or JsonException or InvalidOperationException)
        {
            // A kernel that closes a channel or sends invalid messages cannot be used any more.
            process.Kill();
        }
    }

    private KernelExecution? Find(JupyterMessage message)
    {
        lock (_gate)
        {
            return _current is { } execution && execution.Id == message.ParentId ? execution : null;
        }
    }

    private void OnOutput(JupyterMessage message)
    {
        if (Find(message) is { } execution)
        {
            // The output of child processes comes directly; it was printed before.
            process.TakeOutput();
            execution.OnOutput(message);
        }
    }
}
