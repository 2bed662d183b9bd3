using Sandbox.Server.Engines;
using Sandbox.Server.Infrastructure;

namespace Sandbox.Server.Sandboxes;

/// <summary>
/// Pre-started sandboxes of the default engine. A pooled sandbox has no id, is not listed, and is removed with its server;
/// the next server removes those of a killed one.
/// </summary>
internal sealed class SandboxPool(ISandboxEngine engine, SandboxLauncher launcher, DirectoryAllocator allocator, int size) : IAsyncDisposable
{
    /// <summary>The time without a creation before the pool is refilled: starting sandboxes must not slow down the first use of the last created one.</summary>
    private static readonly TimeSpan RefillDelay = TimeSpan.FromMilliseconds(50);

    private readonly Lock _gate = new();
    private readonly List<PooledSandbox> _pooled = [];
    private readonly CancellationTokenSource _closing = new();
    private Task _refills = Task.CompletedTask;
    private int _begunCreations;
    private int _openCreations;
    private bool _isRefillDue;

    /// <summary>Begins a client's creation. The pool is not refilled during it, and not before a first one has proved that this host can isolate.</summary>
    /// <returns>To be disposed when the creation is over.</returns>
    public Creation BeginCreation()
    {
        lock (_gate)
        {
            _begunCreations++;
            _openCreations++;
        }

        return new Creation(this);
    }

    /// <summary>Takes a matching sandbox from the pool, or returns null. Waits for one that is starting: another start would take longer.</summary>
    public async Task<SandboxInstance?> TryTakeAsync(string engineName, string network)
    {
        while (engineName == engine.Name && TakeNext(network) is { } next)
        {
            if (await next.Start is { IsRunning: true } sandbox && next.Fingerprint == engine.GetLaunchFingerprint(network))
            {
                return sandbox;
            }

            await RemoveAsync(next);
        }

        return null;
    }

    /// <summary>Removes all pooled sandboxes and starts no more.</summary>
    public async ValueTask DisposeAsync()
    {
        PooledSandbox[] left;
        lock (_gate)
        {
            _closing.Cancel();
            left = [.. _pooled];
            _pooled.Clear();
        }

        await Task.WhenAll(left.Select(RemoveAsync).Append(_refills));
    }

    private PooledSandbox? TakeNext(string network)
    {
        lock (_gate)
        {
            PooledSandbox? next = _pooled.Find(pooled => pooled.Network == network);
            return next is not null && _pooled.Remove(next) ? next : null;
        }
    }

    private void EndCreation(bool hasSucceeded)
    {
        lock (_gate)
        {
            _isRefillDue |= hasSucceeded && size > 0;
            if (--_openCreations == 0 && _isRefillDue)
            {
                _refills = Task.WhenAll(_refills, RefillAsync(_begunCreations));
            }
        }
    }

    /// <summary>Starts missing sandboxes, unless another creation has begun, whose end triggers the next refill.</summary>
    private async Task RefillAsync(int lastCreation)
    {
        try
        {
            await Task.Delay(RefillDelay, _closing.Token);
            (string network, _) = await engine.ChooseNetworkAsync(requested: null, _closing.Token);
            string fingerprint = engine.GetLaunchFingerprint(network);
            PooledSandbox[] outdated;
            lock (_gate)
            {
                if (_begunCreations != lastCreation || _closing.IsCancellationRequested)
                {
                    return;
                }

                _isRefillDue = false;
                outdated = [.. _pooled.Where(pooled => (pooled.Network, pooled.Fingerprint) != (network, fingerprint))];
                _pooled.RemoveAll(outdated.Contains);
                while (_pooled.Count < size)
                {
                    _pooled.Add(new PooledSandbox(network, fingerprint, Task.Run(() => StartAsync(network))));
                }
            }

            await Task.WhenAll(outdated.Select(RemoveAsync));
        }
        catch (OperationCanceledException) when (_closing.IsCancellationRequested)
        {
            // The server exits.
        }
        catch (Exception exception)
        {
            ServerLog.Write("The pool could not be refilled", exception);
        }
    }

    /// <summary>Starts a sandbox, or returns null when that fails: the next creation then fails by itself and reports the error.</summary>
    private async Task<SandboxInstance?> StartAsync(string network)
    {
        try
        {
            SandboxDirectories directories = allocator.Allocate();
            SandboxRecord record = new()
            {
                Id = "",
                Number = directories.Number,
                CreatedAt = DateTimeOffset.UtcNow,
                Network = network,
                Phase = SandboxPhase.Creating,
                Engine = engine.Name,
            };
            SandboxInstance sandbox = new(record, directories, engine, launcher);
            await sandbox.CreatePooledAsync(_closing.Token);
            return sandbox;
        }
        catch (Exception) when (_closing.IsCancellationRequested)
        {
            return null;
        }
        catch (Exception exception)
        {
            ServerLog.Write($"A pooled sandbox could not be started: {exception.Message}");
            return null;
        }
    }

    private static async Task RemoveAsync(PooledSandbox pooled)
    {
        try
        {
            if (await pooled.Start is { } sandbox)
            {
                await sandbox.RemoveAsync();
            }
        }
        catch (Exception exception)
        {
            ServerLog.Write("A pooled sandbox could not be removed", exception);
        }
    }

    /// <summary>A sandbox that is running or starting, with what its launch fixes.</summary>
    private sealed record PooledSandbox(string Network, string Fingerprint, Task<SandboxInstance?> Start);

    /// <summary>The creation of a sandbox for a client, from the request to its end.</summary>
    internal sealed class Creation(SandboxPool pool) : IDisposable
    {
        private bool _hasSucceeded;

        public void Succeed() => _hasSucceeded = true;

        public void Dispose() => pool.EndCreation(_hasSucceeded);
    }
}
