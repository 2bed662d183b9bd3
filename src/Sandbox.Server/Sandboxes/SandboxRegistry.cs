using System.Collections.Concurrent;
using Sandbox.Protocol;
using Sandbox.Server.Engines.Bubblewrap;
using Sandbox.Server.Infrastructure;

namespace Sandbox.Server.Sandboxes;

/// <summary>All sandboxes of this server. On disk each has a record of its own, from which the next server takes over.</summary>
/// <param name="launcher">Starts them.</param>
/// <param name="numbers">Gives each a number and a user.</param>
/// <param name="spares">Those that were started ahead.</param>
/// <param name="owners">Watches the processes that temporary ones go with.</param>
internal sealed class SandboxRegistry(SandboxLauncher launcher, UidAllocator numbers, SandboxPool spares, OwnerProcessMonitor owners)
{
    private static readonly TimeSpan CreationPatience = TimeSpan.FromSeconds(30);

    private readonly ConcurrentDictionary<string, SandboxInstance> _sandboxes = new(StringComparer.Ordinal);

    /// <summary>All that exist, oldest first.</summary>
    public IEnumerable<SandboxInstance> All => _sandboxes.Values.Where(sandbox => sandbox.Record.Phase == SandboxPhase.Ready).OrderBy(sandbox => sandbox.Record.CreatedAt);

    /// <summary>The sandbox of an id. One that is being made is waited for.</summary>
    /// <param name="id">The id.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <exception cref="ApiException"><see cref="ErrorCodes.SandboxNotFound"/>.</exception>
    public async Task<SandboxInstance> GetAsync(string id, CancellationToken cancellationToken)
    {
        if (!_sandboxes.TryGetValue(id, out SandboxInstance? sandbox))
        {
            throw NotFound(id);
        }

        try
        {
            await sandbox.Made.WaitAsync(CreationPatience, cancellationToken);
        }
        catch (TimeoutException exception)
        {
            throw new ApiException(ErrorCodes.SandboxUnavailable, $"The sandbox '{id}' is still being made. Try again.", exception);
        }

        return sandbox.Record.Phase == SandboxPhase.Ready ? sandbox : throw NotFound(id);
    }

    /// <summary>Takes over what an earlier server left: the living go on, the half-made and half-removed are removed.</summary>
    public async Task AdoptAsync()
    {
        foreach (string directory in Directory.GetDirectories(launcher.Home.Sandboxes))
        {
            if (!int.TryParse(Path.GetFileName(directory), out int number))
            {
                continue;
            }

            try
            {
                await AdoptAsync(number);
            }
            catch (Exception exception)
            {
                // One sandbox's trouble must not keep the server from starting.
                ServerLog.Write($"'{directory}' could not be taken over", exception);
            }
        }

        launcher.RemoveOldAgents(All.Where(sandbox => sandbox.IsRunning).Select(sandbox => sandbox.Record.Process!.Program).ToHashSet());
    }

    /// <summary>Makes a sandbox. Of many who wish for one id, one gets it.</summary>
    /// <param name="request">What is wished for.</param>
    /// <param name="caller">The process that wishes, if it is known.</param>
    /// <param name="cancellationToken">Gives up: nothing is left then.</param>
    public async Task<SandboxInstance> CreateAsync(SandboxCreateRequest request, ProcessIdentity? caller, CancellationToken cancellationToken)
    {
        CreateRequestValidator.Require(request);
        ProcessIdentity? owner = !request.Temporary ? null : caller ?? throw new ApiException(ErrorCodes.Unsupported,
            "'temporary' is for processes that call this server's own socket on the same host: of others it cannot know when they end. Leave it out.");
        string id = request.Id ?? Identifier.Generate();
        if (_sandboxes.ContainsKey(id))
        {
            throw Exists(id);
        }

        using SandboxPool.Creation creation = spares.BeginCreation();
        (string network, string[] warnings) = await launcher.ChooseNetworkAsync(request.Network, cancellationToken);
        SandboxRecord wished = new()
        {
            Id = id,
            Number = 0,
            UserId = 0,
            CreatedAt = DateTimeOffset.UtcNow,
            Labels = request.Labels ?? [],
            DefaultSession = request.DefaultSession,
            Network = network,
            Warnings = warnings,
            Limits = request.Limits?.Names.Any() == true || request.Limits?.Unknown is not null ? request.Limits : null,
            Owner = owner,
            Phase = SandboxPhase.Creating,
        };
        AgentConfiguration configuration = CreateRequestValidator.ConfigurationOf(request);
        SandboxInstance sandbox = await TryUseSpareAsync(wished, configuration, cancellationToken) ?? await StartAsync(wished, configuration, cancellationToken);
        creation.Succeed();
        if (cancellationToken.IsCancellationRequested)
        {
            // Given up when it was all but done: nobody will learn of it.
            await TryRemoveAsync(sandbox);
            cancellationToken.ThrowIfCancellationRequested();
        }

        return sandbox;
    }

    /// <summary>Ends the processes of all sandboxes, keeps their files, and starts none any more.</summary>
    public async Task StopAllAsync()
    {
        launcher.Close();
        await spares.DisposeAsync();
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
    /// <param name="id">The sandbox.</param>
    /// <param name="cancellationToken">Gives up waiting for one that is being made; a removal is not given up once begun.</param>
    public async Task RemoveAsync(string id, CancellationToken cancellationToken)
    {
        SandboxInstance sandbox = await GetAsync(id, cancellationToken);
        if (!await TryRemoveAsync(sandbox))
        {
            throw NotFound(id);
        }
    }

    /// <summary>Gives a spare to who wishes for a sandbox; null when there is none that fits. Limits are laid upon a sandbox before anything runs in it.</summary>
    private async Task<SandboxInstance?> TryUseSpareAsync(SandboxRecord wished, AgentConfiguration configuration, CancellationToken cancellationToken)
    {
        while (wished.Limits is null && await spares.TryTakeAsync(wished.Network) is { } spare)
        {
            if (!_sandboxes.TryAdd(wished.Id, spare))
            {
                await spare.RemoveAsync();
                throw Exists(wished.Id);
            }

            try
            {
                await FinishAsync(wished.Id, spare, () => spare.AssignAsync(wished, configuration, cancellationToken));
                return spare;
            }
            catch (ApiException exception)
            {
                ServerLog.Write($"A spare sandbox was of no use: {exception.Message} {exception.InnerException?.Message}");
            }
        }

        return null;
    }

    private async Task<SandboxInstance> StartAsync(SandboxRecord wished, AgentConfiguration configuration, CancellationToken cancellationToken)
    {
        int number = numbers.Take();
        SandboxInstance sandbox = new(wished with { Number = number, UserId = numbers.UserOf(number) }, launcher);
        if (!_sandboxes.TryAdd(wished.Id, sandbox))
        {
            sandbox.Dispose();
            throw Exists(wished.Id);
        }

        await FinishAsync(wished.Id, sandbox, () => sandbox.CreateAsync(configuration, cancellationToken));
        return sandbox;
    }

    /// <summary>Makes a sandbox that is listed under its id already; when that fails it is not any more.</summary>
    private async Task FinishAsync(string id, SandboxInstance sandbox, Func<Task> make)
    {
        try
        {
            await make();
            WatchOwner(sandbox);
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

        sandbox.OwnerProcessMonitor?.Dispose();
        await sandbox.RemoveAsync();
        return true;
    }

    private void WatchOwner(SandboxInstance sandbox)
    {
        if (sandbox.Record.Owner is { } owner)
        {
            sandbox.OwnerProcessMonitor = owners.Add(owner, async () =>
            {
                if (await TryRemoveAsync(sandbox))
                {
                    ServerLog.Write($"Sandbox '{sandbox.Record.Id}' removed, since process {owner.Id}, which made it, has ended.");
                }
            });
        }
    }

    private async Task AdoptAsync(int number)
    {
        SandboxDirectories directories = new(launcher.Home.SandboxDirectory(number));
        SandboxRecord? record = AtomicFile.TryRead(directories.Record, RecordJson.Default.SandboxRecord);
        if (record is null)
        {
            // Made or removed up to here, then the server died; or the record is damaged, and then a person has to look.
            if (!File.Exists(directories.Record))
            {
                SandboxFiles.Remove(launcher.Home, number);
            }

            return;
        }

        SandboxInstance sandbox = new(record, launcher);
        await sandbox.AdoptAsync();
        if (record.Phase != SandboxPhase.Ready)
        {
            await sandbox.RemoveAsync();
        }
        else if (_sandboxes.TryAdd(record.Id, sandbox))
        {
            WatchOwner(sandbox);
            ServerLog.Write($"Sandbox '{record.Id}' taken over, {(sandbox.IsRunning ? "running" : "stopped")}.");
        }
    }

    private static ApiException NotFound(string id) => new(ErrorCodes.SandboxNotFound,
        Identifier.IsValid(id) ? $"There is no sandbox '{id}'." : "There is no such sandbox.");

    private static ApiException Exists(string id) => new(ErrorCodes.SandboxExists, $"There is a sandbox '{id}' already.");
}
