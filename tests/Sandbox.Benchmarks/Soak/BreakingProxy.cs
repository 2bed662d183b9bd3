using System.Net.Sockets;
using Sandbox.Client;

namespace Sandbox.Benchmarks.Soak;

/// <summary>Unix socket proxy whose connections break after a random number of response bytes, including none.</summary>
internal sealed class BreakingProxy : IAsyncDisposable
{
    private const int BlockSize = 16 * 1024;

    private readonly string _target;
    private readonly string _path;
    private readonly Socket _listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private readonly CancellationTokenSource _stop = new();
    private readonly Random _random;
    private readonly Task _accepting;
    private int _broken;

    /// <param name="target">The path of the socket to forward to.</param>
    /// <param name="seed">The seed of the random numbers.</param>
    public BreakingProxy(ServerEndpoint target, int seed)
    {
        _target = target.Text["unix:".Length..];
        _path = _target + ".breaking";
        _random = new Random(seed);
        _listener.Bind(new UnixDomainSocketEndPoint(_path));
        _listener.Listen(512);
        _accepting = AcceptAsync();
    }

    public ServerEndpoint Endpoint => ServerEndpoint.Parse($"unix:{_path}");

    /// <summary>Gets the number of broken connections.</summary>
    public int Broken => Volatile.Read(ref _broken);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Dispose();
        await _accepting.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        File.Delete(_path);
    }

    private async Task AcceptAsync()
    {
        while (true)
        {
            Socket client = await _listener.AcceptAsync(_stop.Token);
            _ = ServeAsync(client, NextBreak());
        }
    }

    /// <summary>Chooses after how many bytes a connection breaks. All do, or the pool would keep using one that does not.</summary>
    private long NextBreak() => _random.Next(4) switch
    {
        0 => _random.Next(400),
        1 => _random.Next(4_000),
        2 => _random.Next(200_000),
        _ => _random.Next(2_000_000),
    };

    private async Task ServeAsync(Socket client, long breakAfter)
    {
        using Socket held = client;
        using Socket server = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        using CancellationTokenSource ended = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
        try
        {
            await server.ConnectAsync(new UnixDomainSocketEndPoint(_target), ended.Token);
            Task<bool> requests = CopyAsync(client, server, long.MaxValue, ended.Token);
            Task<bool> answers = CopyAsync(server, client, breakAfter, ended.Token);
            await Task.WhenAny(requests, answers);
            await ended.CancelAsync();
            if (answers.IsCompletedSuccessfully && await answers)
            {
                Interlocked.Increment(ref _broken);
            }

            await Task.WhenAll((Task)requests, answers).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException)
        {
            // Either side has disconnected.
        }
    }

    /// <summary>Copies until the end or the break; returns true for the break.</summary>
    private static async Task<bool> CopyAsync(Socket from, Socket to, long breakAfter, CancellationToken cancellationToken)
    {
        byte[] block = new byte[BlockSize];
        for (long left = breakAfter; ;)
        {
            int count = await from.ReceiveAsync(block, cancellationToken);
            int allowed = (int)Math.Min(count, left);
            for (int sent = 0; sent < allowed;)
            {
                sent += await to.SendAsync(block.AsMemory(sent, allowed - sent), cancellationToken);
            }

            left -= allowed;
            if (count == 0 || allowed < count)
            {
                return count > 0;
            }
        }
    }
}
