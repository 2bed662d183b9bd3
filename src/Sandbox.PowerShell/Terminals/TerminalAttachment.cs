using Sandbox.Client;
using Sandbox.Protocol;

namespace Sandbox;

/// <summary>Attaches the console to the terminal of a session until the shell exits or the user detaches.</summary>
/// <param name="target">The session.</param>
/// <param name="shell">The shell to start where there is no terminal yet; null for the usual one.</param>
/// <param name="detachKeys">The keys that leave.</param>
internal sealed class TerminalAttachment(SandboxHandle target, string? shell, string detachKeys) : IDisposable
{
    private const int KeysAtOnce = 4096;
    private const int MaximumUnsentKeys = 64 * 1024;
    private const string TypeVariable = "TERM";

    // How long to retry a lost connection: a replaced server is back in a moment.
    private static readonly TimeSpan ReconnectLimit = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan ReconnectPause = TimeSpan.FromMilliseconds(250);

    private readonly DetachKeyDetector _detach = new(detachKeys);
    private readonly SemaphoreSlim _sendingKeys = new(1, 1);
    private readonly List<byte> _unsentKeys = [];
    private volatile TerminalConnection? _connection;

    /// <summary>Runs the terminal until the shell exits or the user detaches.</summary>
    /// <param name="console">The user's console.</param>
    /// <param name="cancellationToken">Leaves.</param>
    /// <returns>The exit message of the shell; null after detaching.</returns>
    public async Task<TerminalMessage?> RunAsync(RawConsole console, CancellationToken cancellationToken)
    {
        TerminalRequest request = new() { Size = RawConsole.Size, Shell = shell, Type = Environment.GetEnvironmentVariable(TypeVariable) };
        using CancellationTokenSource leave = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using TerminalConnection first = await target.OpenTerminalAsync(request, cancellationToken);
        _connection = first;
        using IDisposable? resizing = RawConsole.WatchSize(() => _ = ResizeAsync(leave.Token));
        Task typing = Task.Factory.StartNew(() => Type(console, leave), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        try
        {
            return await FollowAsync(first, request, console, leave.Token);
        }
        catch (OperationCanceledException) when (leave.IsCancellationRequested)
        {
            cancellationToken.ThrowIfCancellationRequested();
            return null;
        }
        finally
        {
            await leave.CancelAsync();
            await typing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <inheritdoc />
    public void Dispose() => _sendingKeys.Dispose();

    private async Task<TerminalMessage> FollowAsync(
        TerminalConnection connection, TerminalRequest request, RawConsole console, CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                return await connection.FollowAsync(output =>
                {
                    console.Write(output.Span);
                    return ValueTask.CompletedTask;
                }, cancellationToken);
            }
            catch (ConnectionLostException) when (connection.Terminal is not null)
            {
                TerminalRequest again = request with { Size = RawConsole.Size, Terminal = connection.Terminal, Offset = connection.Position };
                connection.Dispose();
                _connection = connection = await ReconnectAsync(again, cancellationToken);
                await SendKeysAsync([], cancellationToken);
            }
        }
    }

    private async Task<TerminalConnection> ReconnectAsync(TerminalRequest request, CancellationToken cancellationToken)
    {
        long limit = Environment.TickCount64 + (long)ReconnectLimit.TotalMilliseconds;
        while (true)
        {
            try
            {
                return await target.OpenTerminalAsync(request, cancellationToken);
            }
            catch (Exception e) when (e is ServerUnreachableException or ConnectionLostException && Environment.TickCount64 < limit)
            {
                await Task.Delay(ReconnectPause, cancellationToken);
            }
            catch (ApiException e)
            {
                // The sandbox was stopped or its agent crashed: the shell of the terminal is gone.
                throw new ConnectionLostException(target.Client.Server, e);
            }
        }
    }

    // On a separate thread: console reads block.
    private void Type(RawConsole console, CancellationTokenSource leave)
    {
        byte[] buffer = new byte[KeysAtOnce];
        List<byte> passed = [];
        try
        {
            while (!leave.IsCancellationRequested)
            {
                int count = console.Read(buffer);
                passed.Clear();
                bool hasLeft = _detach.Take(buffer.AsSpan(0, count), passed);
                if (passed.Count > 0)
                {
                    SendKeysAsync(passed, leave.Token).GetAwaiter().GetResult();
                }

                if (hasLeft)
                {
                    leave.Cancel();
                }
            }
        }
        catch (Exception e) when (e is IOException or OperationCanceledException)
        {
            leave.Cancel();
        }
    }

    /// <summary>Sends keys, after those that were typed while there was no connection. What cannot be sent waits for the next connection.</summary>
    private async Task SendKeysAsync(List<byte> keys, CancellationToken cancellationToken)
    {
        await _sendingKeys.WaitAsync(cancellationToken);
        try
        {
            _unsentKeys.AddRange(keys[..Math.Min(keys.Count, MaximumUnsentKeys - _unsentKeys.Count)]);
            if (_unsentKeys.Count > 0 && await TrySendAsync(connection => connection.WriteAsync(_unsentKeys.ToArray(), cancellationToken)))
            {
                _unsentKeys.Clear();
            }
        }
        finally
        {
            _sendingKeys.Release();
        }
    }

    private async Task ResizeAsync(CancellationToken cancellationToken) =>
        await TrySendAsync(connection => connection.ResizeAsync(RawConsole.Size, cancellationToken));

    private async Task<bool> TrySendAsync(Func<TerminalConnection, Task> send)
    {
        try
        {
            await send(_connection!);
            return true;
        }
        catch (Exception e) when (e is ConnectionLostException or ObjectDisposedException or OperationCanceledException)
        {
            // The reader detects and handles it too.
            return false;
        }
    }
}
