using System.Net;
using System.Net.Sockets;
using System.Net.WebSockets;
using Sandbox.Protocol;

namespace Sandbox.Client;

/// <summary>Forwards connections to a local loopback port into a sandbox, until it is disposed, the process exits or the sandbox is removed.</summary>
public sealed class PortForward : IDisposable
{
    private const int Backlog = 512;

    private static readonly TimeSpan WatchPause = TimeSpan.FromSeconds(1);

    private readonly SandboxHandle _sandbox;
    private readonly Socket _listener;
    private readonly CancellationTokenSource _stop = new();
    private int _connections;
    private volatile string? _lastError;
    private volatile string? _endReason;
    private int _hasEnded;

    private PortForward(SandboxHandle sandbox, string? process, int port, Socket listener)
    {
        (_sandbox, ProcessId, Port, _listener) = (sandbox, process, port, listener);
        LocalPort = ((IPEndPoint)listener.LocalEndPoint!).Port;
    }

    /// <summary>Raised when forwarding has ended.</summary>
    public event Action<PortForward>? Ended;

    /// <summary>The sandbox.</summary>
    public string SandboxId => _sandbox.Id;

    /// <summary>The address of its server.</summary>
    public string Server => _sandbox.Server;

    /// <summary>The port in the sandbox.</summary>
    public int Port { get; }

    /// <summary>The process whose exit ends the forwarding; null for none.</summary>
    public string? ProcessId { get; }

    /// <summary>The local port.</summary>
    public int LocalPort { get; }

    /// <summary>When it was made.</summary>
    public DateTimeOffset CreatedAt { get; } = DateTimeOffset.Now;

    /// <summary>The number of open connections.</summary>
    public int Connections => Volatile.Read(ref _connections);

    /// <summary>The message of the last connection failure.</summary>
    public string? LastError => _lastError;

    /// <summary>The reason why it ended by itself; null otherwise.</summary>
    public string? EndReason => _endReason;

    /// <summary>Starts to listen.</summary>
    /// <param name="sandbox">The sandbox.</param>
    /// <param name="process">The process whose exit ends the forwarding; null for none.</param>
    /// <param name="port">The port in it.</param>
    /// <param name="localPort">The local port; 0 for any free port.</param>
    /// <exception cref="SocketException">The local port is not available.</exception>
    public static PortForward Start(SandboxHandle sandbox, string? process, int port, int localPort)
    {
        Socket listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            listener.Bind(new IPEndPoint(IPAddress.Loopback, localPort));
            listener.Listen(Backlog);
        }
        catch
        {
            listener.Dispose();
            throw;
        }

        return new PortForward(sandbox, process, port, listener);
    }

    /// <summary>Starts to accept connections.</summary>
    public void Open()
    {
        _ = AcceptAsync();
        if (ProcessId is not null)
        {
            _ = EndWithAsync(ProcessId);
        }
    }

    /// <summary>Ends the forwarding and closes its connections.</summary>
    public void Dispose()
    {
        End(null);

        // Not disposed: connections that are closing still use it.
        _stop.Cancel();
    }

    // Open connections are left to end by themselves: their last data may still be in transit.
    private void End(string? reason)
    {
        if (Interlocked.Exchange(ref _hasEnded, 1) == 0)
        {
            _endReason = reason;
            _listener.Dispose();
            Ended?.Invoke(this);
        }
    }

    private async Task EndWithAsync(string process)
    {
        while (true)
        {
            try
            {
                WaitAnswer answer = await _sandbox.Process(process).WaitAsync(null, Timeout.InfiniteTimeSpan, wake: false, _stop.Token);
                End($"The process '{SandboxId}/{process}' {HowItEnded(answer.Process.Exit)}.");
                return;
            }
            catch (OperationCanceledException) when (_stop.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e) when (Backoff.IsTransient(e) || e is TimeoutException)
            {
                // An unreachable server does not mean that the process ended.
                _lastError = e.Message;
                await Task.Delay(WatchPause);
            }
            catch (ApiException e)
            {
                End(e.Code == ErrorCodes.SandboxStopped ? $"The sandbox '{SandboxId}' was stopped." : e.Message);
                return;
            }
        }
    }

    private static string HowItEnded(ExecExit? exit) =>
        exit is null ? "was lost when its sandbox stopped"
        : exit.Signal is { } signal ? $"was terminated by signal {signal}"
        : $"exited with code {exit.ExitCode}";

    private async Task AcceptAsync()
    {
        while (_hasEnded == 0)
        {
            try
            {
                _ = CarryAsync(await _listener.AcceptAsync(_stop.Token));
            }
            catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException)
            {
                return;
            }
            catch (SocketException e)
            {
                // The client disconnected already, or this process is out of file descriptors for a moment.
                _lastError = e.Message;
                await Task.Delay(TimeSpan.FromMilliseconds(20));
            }
        }
    }

    private async Task CarryAsync(Socket connection)
    {
        Interlocked.Increment(ref _connections);
        try
        {
            using (connection)
            {
                connection.NoDelay = true;
                using WebSocket? tunnel = await TryConnectAsync();
                if (tunnel is null)
                {
                    connection.LingerState = new LingerOption(true, 0);
                }
                else
                {
                    await SocketTunnel.RunAsync(tunnel, connection, _stop.Token);
                }
            }
        }
        finally
        {
            Interlocked.Decrement(ref _connections);
        }
    }

    private async Task<WebSocket?> TryConnectAsync()
    {
        try
        {
            return await _sandbox.ConnectPortAsync(Port, _stop.Token);
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            return null;
        }
        catch (Exception e) when (e is ApiException or ServerUnreachableException or ConnectionLostException or TimeoutException)
        {
            _lastError = e.Message;
            if (e is ApiException { Code: ErrorCodes.SandboxNotFound })
            {
                End(e.Message);
            }

            return null;
        }
    }
}
