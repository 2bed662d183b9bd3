using System.Collections.Concurrent;
using System.Globalization;
using Sandbox.Protocol;
using Sandbox.Server.Engines;
using Sandbox.Server.Infrastructure;

namespace Sandbox.Server.Sandboxes;

/// <summary>All sandboxes of this server. Each has a record on disk, from which the next server takes it over.</summary>
internal sealed class SandboxRegistry(
    ServerHome home, EngineCatalog engines, SandboxLauncher launcher, DirectoryAllocator allocator, SandboxPool pool, Func<IDisposable> holdServer)
{
    private static readonly TimeSpan CreationLimit = TimeSpan.FromSeconds(30);

    private readonly ConcurrentDictionary<string, SandboxInstance> _sandboxes = new(StringComparer.Ordinal);

    /// <summary>Gets all sandboxes that can be used, oldest first.</summary>
    public IEnumerable<SandboxInstance> All =>
        _sandboxes.Values.Where(sandbox => sandbox.Record.Phase == SandboxPhase.Ready).OrderBy(sandbox => sandbox.Record.CreatedAt);

    /// <summary>Gets a sandbox by id, and waits for one that is being created.</summary>
    /// <exception cref="ApiException"><see cref="ErrorCodes.SandboxNotFound"/>.</exception>
    public async Task<SandboxInstance> GetAsync(string id, CancellationToken cancellationToken)
    {
        if (!_sandboxes.TryGetValue(id, out SandboxInstance? sandbox))
        {
            throw NotFound(id);
        }

        try
        {
            await sandbox.Created.WaitAsync(CreationLimit, cancellationToken);
        }
        catch (TimeoutException exception)
        {
            throw new ApiException(ErrorCodes.SandboxUnavailable, $"The sandbox '{id}' is still being created. Try again.", exception);
        }

        return sandbox.Record.Phase == SandboxPhase.Ready ? sandbox : throw NotFound(id);
    }

    /// <summary>Takes over the sandboxes of an earlier server, and removes those that are half created or half removed.</summary>
    public async Task AdoptAsync()
    {
        foreach (string directory in Directory.GetDirectories(home.Sandboxes))
        {
            if (int.TryParse(Path.GetFileName(directory), NumberStyles.None, CultureInfo.InvariantCulture, out int number))
            {
                try
                {
                    await AdoptAsync(home.DirectoriesOf(number));
                }
                catch (Exception exception)
                {
                    // One damaged sandbox must not keep the server from starting.
                    ServerLog.Write($"'{directory}' could not be taken over", exception);
                }
            }
        }

        IEngineInstance[] running = [.. All.Where(sandbox => sandbox.IsRunning).Select(sandbox => sandbox.Instance!)];
        foreach (ISandboxEngine engine in engines.All)
        {
            engine.RemoveUnusedFiles(running);
        }
    }

    /// <summary>Creates a sandbox. Of concurrent requests for one id, one succeeds.</summary>
    public async Task<SandboxInstance> CreateAsync(SandboxCreateRequest request, ProcessIdentity? caller, CancellationToken cancellationToken)
    {
        CreateRequestValidator.Validate(request);
        ISandboxEngine engine = request.Engine is null ? engines.Default : engines.Find(request.Engine)
            ?? throw RequestFields.Unsupported("engine", $"the engine '{request.Engine}'");
        ProcessIdentity? owner = !request.Temporary ? null : caller ?? throw new ApiException(ErrorCodes.Unsupported,
            "A temporary sandbox needs a client that uses this server's own socket on the same host. Of other clients the server cannot see when they exit.")
        {
            Field = "temporary",
        };
        string id = request.Id ?? Identifier.Generate();
        if (_sandboxes.ContainsKey(id))
        {
            throw Exists(id);
        }

        using SandboxPool.Creation creation = pool.BeginCreation();
        (string network, string[] warnings) = await engine.ChooseNetworkAsync(request.Network, cancellationToken);
        if (request.RequireIsolation)
        {
            RequireIsolation(engine.DescribeIsolation(network));
        }

        SandboxRecord requested = new()
        {
            Id = id,
            Number = 0,
            CreatedAt = DateTimeOffset.UtcNow,
            Labels = request.Labels ?? [],
            DefaultSession = request.DefaultSession,
            Network = network,
            Warnings = warnings,
            Limits = request.Limits?.Names.Any() == true || request.Limits?.Unknown is not null ? request.Limits : null,
            Owner = owner,
            Phase = SandboxPhase.Creating,
            Engine = engine.Name,
        };
        AgentConfiguration configuration = CreateRequestValidator.ConfigurationOf(request);
        SandboxInstance sandbox = await TryUsePoolAsync(requested, configuration, cancellationToken)
            ?? await StartAsync(requested, engine, configuration, cancellationToken);
        creation.Succeed();
        if (cancellationToken.IsCancellationRequested)
        {
            // Cancelled at the last moment: the client will not learn the sandbox's id.
            await TryRemoveAsync(sandbox);
            cancellationToken.ThrowIfCancellationRequested();
        }

        return sandbox;
    }

    /// <summary>Kills the processes of all sandboxes, keeps their files, and launches no more.</summary>
    public async Task StopAllAsync()
    {
        launcher.Close();
        await pool.DisposeAsync();
        await Task.WhenAll(_sandboxes.Values.Select(async sandbox =>
        {
            try
            {
                await sandbox.StopAsync(CancellationToken.None);
            }
            catch (ApiException exception) when (exception.Code == ErrorCodes.SandboxNotFound)
            {
                // Removed meanwhile.
            }
        }));
    }

    /// <summary>Removes a sandbox with its processes and files.</summary>
    public async Task RemoveAsync(string id, CancellationToken cancellationToken)
    {
        SandboxInstance sandbox = await GetAsync(id, cancellationToken);
        if (!await TryRemoveAsync(sandbox))
        {
            throw NotFound(id);
        }
    }

    /// <summary>Takes a matching sandbox from the pool, or returns null. Limits must be set before anything runs in a sandbox.</summary>
    private async Task<SandboxInstance?> TryUsePoolAsync(SandboxRecord requested, AgentConfiguration configuration, CancellationToken cancellationToken)
    {
        while (requested.Limits is null && await pool.TryTakeAsync(requested.Engine, requested.Network) is { } pooled)
        {
            if (!_sandboxes.TryAdd(requested.Id, pooled))
            {
                await pooled.RemoveAsync();
                throw Exists(requested.Id);
            }

            try
            {
                await FinishAsync(requested.Id, pooled, () => pooled.AssignAsync(requested, configuration, cancellationToken));
                return pooled;
            }
            catch (ApiException exception)
            {
                ServerLog.Write($"A pooled sandbox could not be used: {exception.Message} {exception.InnerException?.Message}");
            }
        }

        return null;
    }

    private async Task<SandboxInstance> StartAsync(
        SandboxRecord requested, ISandboxEngine engine, AgentConfiguration configuration, CancellationToken cancellationToken)
    {
        SandboxDirectories directories = allocator.Allocate();
        SandboxInstance sandbox = new(requested with { Number = directories.Number }, directories, engine, launcher);
        if (!_sandboxes.TryAdd(requested.Id, sandbox))
        {
            sandbox.Dispose();
            throw Exists(requested.Id);
        }

        await FinishAsync(requested.Id, sandbox, () => sandbox.CreateAsync(configuration, cancellationToken));
        return sandbox;
    }

    /// <summary>Completes the creation of a sandbox that is registered already, and unregisters it when that fails.</summary>
    private async Task FinishAsync(string id, SandboxInstance sandbox, Func<Task> create)
    {
        try
        {
            await create();
            MonitorOwner(sandbox);
        }
        catch
        {
            _sandboxes.TryRemove(id, out _);
            throw;
        }
    }

    private async Task<bool> TryRemoveAsync(SandboxInstance sandbox)
    {
        if (!_sandboxes.TryRemove(new KeyValuePair<string, SandboxInstance>(sandbox.Record.Id, sandbox)))
        {
            return false;
        }

        sandbox.OwnerMonitor?.Dispose();
        await sandbox.RemoveAsync();
        return true;
    }

    private void MonitorOwner(SandboxInstance sandbox)
    {
        if (sandbox.Record.Owner is { } owner)
        {
            // The server does not exit while it waits for an owner.
            sandbox.OwnerMonitor = new OwnerProcessMonitor(owner, holdServer(), async () =>
            {
                if (await TryRemoveAsync(sandbox))
                {
                    ServerLog.Write($"Sandbox '{sandbox.Record.Id}' removed, since process {owner.Id}, which created it, has exited.");
                }
            });
        }
    }

    private async Task AdoptAsync(SandboxDirectories directories)
    {
        SandboxRecord? record = SandboxRecord.TryRead(directories.Record);
        if (record is null)
        {
            // Without a record: the earlier server crashed while it created or removed the sandbox. A damaged one is left for a person to look at.
            if (!File.Exists(directories.Record))
            {
                directories.Remove();
            }

            return;
        }

        ISandboxEngine engine = engines.Find(record.Engine) ?? throw new IOException($"This server has no engine '{record.Engine}'.");
        SandboxInstance sandbox = new(record, directories, engine, launcher);
        await sandbox.RecoverAsync();
        if (record.Phase != SandboxPhase.Ready)
        {
            await sandbox.RemoveAsync();
        }
        else if (_sandboxes.TryAdd(record.Id, sandbox))
        {
            MonitorOwner(sandbox);
            ServerLog.Write($"Sandbox '{record.Id}' taken over, {(sandbox.IsRunning ? "running" : "stopped")}.");
        }
    }

    private static void RequireIsolation(IEnumerable<IsolationFeature> features)
    {
        IsolationFeature[] missing = [.. features.Where(feature => feature is { Available: false, Required: true })];
        if (missing.Length > 0)
        {
            IEnumerable<string> reasons = missing.Select(feature => $"{feature.Name}: {feature.Reason} {feature.Remedy}");
            throw new ApiException(ErrorCodes.IsolationUnavailable,
                $"The sandbox was not created, because isolation features are missing. {string.Join(' ', reasons)}")
            {
                Field = "requireIsolation",
            };
        }
    }

    private static ApiException NotFound(string id) => new(ErrorCodes.SandboxNotFound,
        Identifier.IsValid(id) ? $"There is no sandbox '{id}'." : "There is no such sandbox.");

    private static ApiException Exists(string id) => new(ErrorCodes.SandboxExists, $"There is a sandbox '{id}' already.");
}
