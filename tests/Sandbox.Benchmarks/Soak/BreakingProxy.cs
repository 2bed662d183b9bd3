using System.Net.Sockets;
using Sandbox.Client;

namespace Sandbox.Benchmarks.Soak;

/// <summary>Unix socket proxy whose connections break after a random number of response bytes, including none.</summary>
internal sealed class BreakingProxy : IAsyncDisposable
{
    private const int BlockSize = 16 * 1024;

    private readonly string target;
    private readonly string path;
    private readonly Socket listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private readonly CancellationTokenSource stop = new();
    private readonly Random random;
    private readonly Task accepting;
    private int broken;

    /// <param name="target">The path of the socket to forward to.</param>
    /// <param name="seed">The seed of the random numbers.</param>
    public BreakingProxy(ServerEndpoint target, int seed)
    {
        this.target = target.Text["unix:".Length..];
        path = this.target + ".breaking";
        random = new Random(seed);
        listener.Bind(new UnixDomainSocketEndPoint(path));
        listener.Listen(512);
        accepting = AcceptAsync();
    }

    public ServerEndpoint Endpoint => ServerEndpoint.Parse($"unix:{path}");

    /// <summary>Gets the number of broken connections.</summary>
    public int Broken => Volatile.Read(ref broken);

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        listener.Dispose();
        await accepting.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        File.Delete(path);
    }

    private async Task AcceptAsync()
    {
        while (true)
        {
            Socket client = await listener.AcceptAsync(stop.Token);
            _ = ServeAsync(client, NextBreak());
        }
    }

    /// <summary>Chooses after how many bytes a connection breaks: small and large responses are hit. All break, or the pool would keep using one that does not.</summary>
    private long NextBreak() => random.Next(4) switch
    {
        0 => random.Next(400),
        1 => random.Next(4_000),
        2 => random.Next(200_000),
        _ => random.Next(2_000_000),
    };

    private async Task ServeAsync(Socket client, long breakAfter)
    {
        using Socket held = client;
        using Socket server = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        using CancellationTokenSource ended = CancellationTokenSource.CreateLinkedTokenSource(stop.Token);
        try
        {
            await server.ConnectAsync(new UnixDomainSocketEndPoint(target), ended.Token);
            Task<bool> requests = CopyAsync(client, server, long.MaxValue, ended.Token);
            Task<bool> answers = CopyAsync(server, client, breakAfter, ended.Token);
            await Task.WhenAny(requests, answers);
            await ended.CancelAsync();
            if (answers.IsCompletedSuccessfully && await answers)
            {
                Interlocked.Increment(ref broken);
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
