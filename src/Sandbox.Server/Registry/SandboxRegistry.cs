using System.Collections.Concurrent;
using Sandbox.Protocol;
using Sandbox.Server.Engines;

namespace Sandbox.Server.Registry;

/// <summary>All sandboxes of this server. On disk each has a record of its own, from which the next server takes over.</summary>
/// <param name="launcher">Starts them.</param>
/// <param name="numbers">Gives each a number and a user.</param>
/// <param name="spares">Those that were started ahead.</param>
/// <param name="owners">Watches the processes that temporary ones go with.</param>
internal sealed class SandboxRegistry(BoxLauncher launcher, BoxNumbers numbers, SpareBoxes spares, OwnerWatch owners)
{
    private static readonly TimeSpan CreationPatience = TimeSpan.FromSeconds(30);

    private readonly ConcurrentDictionary<string, Box> boxes = new(StringComparer.Ordinal);

    /// <summary>All that exist, oldest first.</summary>
    public IEnumerable<Box> All => boxes.Values.Where(box => box.Record.Phase == BoxPhase.Ready).OrderBy(box => box.Record.CreatedAt);

    /// <summary>The sandbox of an id. One that is being made is waited for.</summary>
    /// <param name="id">The id.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <exception cref="ApiException"><see cref="ErrorCodes.SandboxNotFound"/>.</exception>
    public async Task<Box> GetAsync(string id, CancellationToken cancellationToken)
    {
        if (!boxes.TryGetValue(id, out Box? box))
        {
            throw NotFound(id);
        }

        try
        {
            await box.Made.WaitAsync(CreationPatience, cancellationToken);
        }
        catch (TimeoutException failure)
        {
            throw new ApiException(ErrorCodes.SandboxUnavailable, $"The sandbox '{id}' is still being made. Try again.", failure);
        }

        return box.Record.Phase == BoxPhase.Ready ? box : throw NotFound(id);
    }

    /// <summary>Takes over what an earlier server left: the living go on, the half-made and half-removed are removed.</summary>
    public async Task AdoptAsync()
    {
        foreach (string directory in Directory.GetDirectories(launcher.Home.Boxes))
        {
            if (!int.TryParse(Path.GetFileName(directory), out int number))
            {
                continue;
            }

            try
            {
                await AdoptAsync(number);
            }
            catch (Exception failure)
            {
                // One sandbox's trouble must not keep the server from starting.
                ServerLog.Write($"'{directory}' could not be taken over", failure);
            }
        }

        launcher.RemoveOldAgents(All.Where(box => box.IsRunning).Select(box => box.Record.Process!.Program).ToHashSet());
    }

    /// <summary>Makes a sandbox. Of many who wish for one id, one gets it.</summary>
    /// <param name="request">What is wished for.</param>
    /// <param name="caller">The process that wishes, if it is known.</param>
    /// <param name="cancellationToken">Gives up: nothing is left then.</param>
    public async Task<Box> CreateAsync(SandboxCreateRequest request, ProcessMark? caller, CancellationToken cancellationToken)
    {
        CreateRules.Require(request);
        ProcessMark? owner = !request.Temporary ? null : caller ?? throw new ApiException(ErrorCodes.Unsupported,
            "'temporary' is for processes that call this server's own socket on the same host: of others it cannot know when they end. Leave it out.");
        string id = request.Id ?? Identifier.Generate();
        if (boxes.ContainsKey(id))
        {
            throw Exists(id);
        }

        using SpareBoxes.Creation creation = spares.BeginCreation();
        (string network, string[] warnings) = await launcher.ChooseNetworkAsync(request.Network, cancellationToken);
        BoxRecord wished = new()
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
            Phase = BoxPhase.Creating,
        };
        AgentConfiguration configuration = CreateRules.ConfigurationOf(request);
        Box box = await TryUseSpareAsync(wished, configuration, cancellationToken) ?? await StartAsync(wished, configuration, cancellationToken);
        creation.Succeed();
        if (cancellationToken.IsCancellationRequested)
        {
            // Given up when it was all but done: nobody will learn of it.
            await TryRemoveAsync(box);
            cancellationToken.ThrowIfCancellationRequested();
        }

        return box;
    }

    /// <summary>Ends the processes of all sandboxes, keeps their files, and starts none any more.</summary>
    public async Task StopAllAsync()
    {
        launcher.Close();
        await spares.DisposeAsync();
        await Task.WhenAll(boxes.Values.Select(async box =>
        {
            try
            {
                await box.StopAsync(CancellationToken.None);
            }
            catch (ApiException failure) when (failure.Code == ErrorCodes.SandboxNotFound)
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
        Box box = await GetAsync(id, cancellationToken);
        if (!await TryRemoveAsync(box))
        {
            throw NotFound(id);
        }
    }

    /// <summary>Gives a spare to who wishes for a sandbox; null when there is none that fits. Limits are laid upon a sandbox before anything runs in it.</summary>
    private async Task<Box?> TryUseSpareAsync(BoxRecord wished, AgentConfiguration configuration, CancellationToken cancellationToken)
    {
        while (wished.Limits is null && await spares.TryTakeAsync(wished.Network) is { } spare)
        {
            if (!boxes.TryAdd(wished.Id, spare))
            {
                await spare.RemoveAsync();
                throw Exists(wished.Id);
            }

            try
            {
                await FinishAsync(wished.Id, spare, () => spare.AssignAsync(wished, configuration, cancellationToken));
                return spare;
            }
            catch (ApiException failure)
            {
                ServerLog.Write($"A spare sandbox was of no use: {failure.Message} {failure.InnerException?.Message}");
            }
        }

        return null;
    }

    private async Task<Box> StartAsync(BoxRecord wished, AgentConfiguration configuration, CancellationToken cancellationToken)
    {
        int number = numbers.Take();
        Box box = new(wished with { Number = number, UserId = numbers.UserOf(number) }, launcher);
        if (!boxes.TryAdd(wished.Id, box))
        {
            box.Dispose();
            throw Exists(wished.Id);
        }

        await FinishAsync(wished.Id, box, () => box.CreateAsync(configuration, cancellationToken));
        return box;
    }

    /// <summary>Makes a sandbox that is listed under its id already; when that fails it is not any more.</summary>
    private async Task FinishAsync(string id, Box box, Func<Task> make)
    {
        try
        {
            await make();
            WatchOwner(box);
        }
        catch
        {
            boxes.TryRemove(id, out _);
            throw;
        }
    }

    private async Task<bool> TryRemoveAsync(Box box)
    {
        if (!boxes.TryRemove(new KeyValuePair<string, Box>(box.Record.Id, box)))
        {
            return false;
        }

        box.OwnerWatch?.Dispose();
        await box.RemoveAsync();
        return true;
    }

    private void WatchOwner(Box box)
    {
        if (box.Record.Owner is { } owner)
        {
            box.OwnerWatch = owners.Add(owner, async () =>
            {
                if (await TryRemoveAsync(box))
                {
                    ServerLog.Write($"Sandbox '{box.Record.Id}' removed, since process {owner.Id}, which made it, has ended.");
                }
            });
        }
    }

    private async Task AdoptAsync(int number)
    {
        BoxDirectories directories = new(launcher.Home.Box(number));
        BoxRecord? record = AtomicFile.TryRead(directories.Record, RegistryJson.Default.BoxRecord);
        if (record is null)
        {
            // Made or removed up to here, then the server died; or the record is damaged, and then a person has to look.
            if (!File.Exists(directories.Record))
            {
                BoxFiles.Remove(launcher.Home, number);
            }

            return;
        }

        Box box = new(record, launcher);
        await box.AdoptAsync();
        if (record.Phase != BoxPhase.Ready)
        {
            await box.RemoveAsync();
        }
        else if (boxes.TryAdd(record.Id, box))
        {
            WatchOwner(box);
            ServerLog.Write($"Sandbox '{record.Id}' taken over, {(box.IsRunning ? "running" : "stopped")}.");
        }
    }

    private static ApiException NotFound(string id) => new(ErrorCodes.SandboxNotFound,
        Identifier.IsValid(id) ? $"There is no sandbox '{id}'." : "There is no such sandbox.");

    private static ApiException Exists(string id) => new(ErrorCodes.SandboxExists, $"There is a sandbox '{id}' already.");
}
