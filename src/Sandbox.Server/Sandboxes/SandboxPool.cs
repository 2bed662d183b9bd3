using Sandbox.Protocol;
using Sandbox.Server.Engines.Bubblewrap;
using Sandbox.Server.Infrastructure;

namespace Sandbox.Server.Sandboxes;

/// <summary>
/// Sandboxes that are started ahead, so that whoever wishes for one need not wait. A spare is nobody's: it has no id, is never listed, and goes with its server;
/// what a killed server left of them the next removes.
/// </summary>
/// <param name="launcher">Starts them.</param>
/// <param name="numbers">Gives each a number and a user.</param>
/// <param name="wanted">How many are kept.</param>
internal sealed class SandboxPool(SandboxLauncher launcher, UidAllocator numbers, int wanted) : IAsyncDisposable
{
    /// <summary>How long nobody has made a sandbox before spares are started: they must not take the time from what the last one was made for.</summary>
    private static readonly TimeSpan Calm = TimeSpan.FromMilliseconds(50);

    private readonly Lock gate = new();
    private readonly List<Spare> spares = [];
    private readonly CancellationTokenSource closing = new();
    private Task refills = Task.CompletedTask;
    private int begun;
    private int open;
    private bool isDue;

    /// <summary>Somebody makes a sandbox. No spare is started until he has it, and none before the first has shown that this host can isolate.</summary>
    /// <returns>To be disposed when that has ended.</returns>
    public Creation BeginCreation()
    {
        lock (gate)
        {
            begun++;
            open++;
        }

        return new Creation(this);
    }

    /// <summary>Takes a spare that is what would be started now. One that is being started is waited for: to start another would take longer.</summary>
    /// <param name="network">The network it must have.</param>
    /// <returns>The taker's to use or to remove; null when there is none.</returns>
    public async Task<SandboxInstance?> TryTakeAsync(string network)
    {
        while (TakeNext(network) is { } next)
        {
            if (await next.Start is { IsRunning: true } sandbox && next.Recipe == Recipe.For(network))
            {
                return sandbox;
            }

            await RemoveAsync(next);
        }

        return null;
    }

    /// <summary>Ends and removes all, and starts none any more.</summary>
    public async ValueTask DisposeAsync()
    {
        Spare[] left;
        lock (gate)
        {
            closing.Cancel();
            left = [.. spares];
            spares.Clear();
        }

        await Task.WhenAll(left.Select(RemoveAsync).Append(refills));
    }

    private Spare? TakeNext(string network)
    {
        lock (gate)
        {
            Spare? next = spares.Find(spare => spare.Recipe.Network == network);
            return next is not null && spares.Remove(next) ? next : null;
        }
    }

    private void EndCreation(bool hasSucceeded)
    {
        lock (gate)
        {
            isDue |= hasSucceeded && wanted > 0;
            if (--open == 0 && isDue)
            {
                refills = Task.WhenAll(refills, RefillAsync(begun));
            }
        }
    }

    /// <summary>Starts what is missing, unless somebody has begun to make a sandbox meanwhile: then his end is waited for.</summary>
    private async Task RefillAsync(int last)
    {
        try
        {
            await Task.Delay(Calm, closing.Token);
            (string network, _) = await launcher.ChooseNetworkAsync(wished: null, closing.Token);
            Recipe recipe = Recipe.For(network);
            Spare[] stale;
            lock (gate)
            {
                if (begun != last || closing.IsCancellationRequested)
                {
                    return;
                }

                isDue = false;
                stale = [.. spares.Where(spare => spare.Recipe != recipe)];
                spares.RemoveAll(stale.Contains);
                while (spares.Count < wanted)
                {
                    spares.Add(new Spare(recipe, Task.Run(() => StartAsync(network))));
                }
            }

            await Task.WhenAll(stale.Select(RemoveAsync));
        }
        catch (OperationCanceledException) when (closing.IsCancellationRequested)
        {
            // The server leaves.
        }
        catch (Exception exception)
        {
            ServerLog.Write("Spare sandboxes could not be started", exception);
        }
    }

    /// <summary>Starts one; null when that fails, which the next to make a sandbox will learn by himself.</summary>
    private async Task<SandboxInstance?> StartAsync(string network)
    {
        try
        {
            int number = numbers.Take();
            SandboxRecord record = new()
            {
                Id = "",
                Number = number,
                UserId = numbers.UserOf(number),
                CreatedAt = DateTimeOffset.UtcNow,
                Network = network,
                Phase = SandboxPhase.Creating,
            };
            SandboxInstance sandbox = new(record, launcher);
            await sandbox.PrepareAsync(closing.Token);
            return sandbox;
        }
        catch (Exception) when (closing.IsCancellationRequested)
        {
            return null;
        }
        catch (Exception exception)
        {
            ServerLog.Write($"A spare sandbox could not be started: {exception.Message}");
            return null;
        }
    }

    private static async Task RemoveAsync(Spare spare)
    {
        try
        {
            if (await spare.Start is { } sandbox)
            {
                await sandbox.RemoveAsync();
            }
        }
        catch (Exception exception)
        {
            ServerLog.Write("A spare sandbox could not be removed", exception);
        }
    }

    /// <summary>One that runs, or will.</summary>
    private sealed record Spare(Recipe Recipe, Task<SandboxInstance?> Start);

    /// <summary>What is fixed when a sandbox starts and may be another later: the rules for the internet close the addresses that the host has at that time.</summary>
    private sealed record Recipe(string Network, string? Rules)
    {
        public static Recipe For(string network) =>
            new(network, network == SandboxNetworks.Internet ? NftablesRuleset.Write(NftablesRuleset.HostAddresses()) : null);
    }

    /// <summary>The making of a sandbox, from the wish to its end.</summary>
    /// <param name="spares">Told of that end.</param>
    internal sealed class Creation(SandboxPool spares) : IDisposable
    {
        private bool hasSucceeded;

        /// <summary>The sandbox is there.</summary>
        public void Succeed() => hasSucceeded = true;

        /// <inheritdoc/>
        public void Dispose() => spares.EndCreation(hasSucceeded);
    }
}
