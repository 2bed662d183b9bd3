using System.Collections.Concurrent;
using System.Net.NetworkInformation;
using Sandbox.Server.Infrastructure;

namespace Sandbox.Server.Engines.Bubblewrap;

/// <summary>Renews the packet filter rules of running sandboxes when the host's addresses change: what the host gets later is closed to them as well.</summary>
internal sealed class RulesetUpdater : IDisposable
{
    private readonly ConcurrentDictionary<BubblewrapInstance, string?> _instances = new();
    private readonly SemaphoreSlim _turn = new(1, 1);

    public RulesetUpdater()
    {
        NetworkChange.NetworkAddressChanged += OnAddressChanged;

        // An interface that goes up brings its addresses along.
        NetworkChange.NetworkAvailabilityChanged += OnAddressChanged;
    }

    /// <summary>Keeps a sandbox's rules up to date, if it is on the internet.</summary>
    /// <param name="rules">The rules that it has; null when that is not known.</param>
    public void Watch(BubblewrapInstance instance, string? rules)
    {
        if (instance.Process is { Link: not null })
        {
            _instances[instance] = rules;

            // Addresses may have changed since the rules were made, without an event for this sandbox.
            _ = RenewAsync();
        }
    }

    public void Unwatch(BubblewrapInstance instance) => _instances.TryRemove(instance, out _);

    public void Dispose()
    {
        NetworkChange.NetworkAddressChanged -= OnAddressChanged;
        NetworkChange.NetworkAvailabilityChanged -= OnAddressChanged;
    }

    private void OnAddressChanged(object? sender, EventArgs arguments) => _ = RenewAsync();

    private async Task RenewAsync()
    {
        await _turn.WaitAsync();
        try
        {
            string rules = NftablesRuleset.ForHost();
            foreach ((BubblewrapInstance instance, string? current) in _instances)
            {
                if (current != rules && instance is { IsRunning: true, Process: { } process })
                {
                    await RenewAsync(instance, process, rules, current);
                }
            }
        }
        catch (Exception exception)
        {
            ServerLog.Write("The addresses of this host cannot be read", exception);
        }
        finally
        {
            _turn.Release();
        }
    }

    private async Task RenewAsync(BubblewrapInstance instance, BubblewrapProcess process, string rules, string? current)
    {
        try
        {
            await SlirpNetwork.RenewRulesAsync(process.InitId, rules);
            _instances.TryUpdate(instance, rules, current);
        }
        catch (Exception exception) when (!instance.IsRunning || exception is not OutOfMemoryException)
        {
            // The next change tries again.
            if (instance.IsRunning)
            {
                ServerLog.Write("The network rules of a sandbox could not be renewed", exception);
            }
        }
    }
}
