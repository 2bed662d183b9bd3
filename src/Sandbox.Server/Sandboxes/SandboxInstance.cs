using Sandbox.Protocol;
using Sandbox.Server.Engines.Bubblewrap;
using Sandbox.Server.Infrastructure;
using Sandbox.ServerProgram;

namespace Sandbox.Server.Sandboxes;

/// <summary>One sandbox: its record, its life, and the way to its agent. What changes it happens one after the other.</summary>
internal sealed class SandboxInstance : IDisposable
{
    private readonly SemaphoreSlim gate = new(1, 1);
    private readonly SandboxLauncher launcher;
    private readonly TaskCompletionSource made = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile SandboxRecord record;

    /// <summary>A sandbox that is recorded, or is about to be.</summary>
    /// <param name="record">What is known of it.</param>
    /// <param name="launcher">Starts it.</param>
    public SandboxInstance(SandboxRecord record, SandboxLauncher launcher)
    {
        this.record = record;
        this.launcher = launcher;
        Agent = AgentConnection.CreateInvoker((request, cancellationToken) => ConnectAsync(AgentConnection.MayWake(request), cancellationToken));
        if (record.Phase is not (SandboxPhase.Creating or SandboxPhase.Pooled))
        {
            made.SetResult();
        }
    }

    /// <summary>What is known of it.</summary>
    public SandboxRecord Record => record;

    /// <summary>Ends when its creation has, however that went.</summary>
    public Task Made => made.Task;

    /// <summary>Watches the process it goes with, if it goes with one.</summary>
    public IDisposable? OwnerProcessMonitor { get; set; }

    /// <summary>Sends requests to its agent; a sandbox that does not run is started by the first that may wake it.</summary>
    public HttpMessageInvoker Agent { get; }

    /// <summary>Whether its processes live.</summary>
    public bool IsRunning => record.Process is { } process && ProcessReaper.IsRunning(process);

    private SandboxDirectories Directories => new(launcher.Home.SandboxDirectory(record.Number));

    /// <summary>The sandbox as the API shows it.</summary>
    public SandboxInfo ToInfo()
    {
        SandboxRecord now = record;
        return new SandboxInfo
        {
            Id = now.Id,
            State = IsRunning ? SandboxState.Running : SandboxState.Stopped,
            Engine = "bubblewrap",
            Network = now.Network,
            Limits = now.Limits,
            LimitMeans = now.LimitMeans,
            Warnings = now.Warnings,
            Temporary = now.Owner is not null,
            Isolation = now.Isolation,
            CreatedAt = now.CreatedAt,
            DefaultSession = now.DefaultSession,
            Labels = now.Labels,
        };
    }

    /// <summary>Makes its files and starts it for the first time; when that fails nothing of it is left.</summary>
    /// <param name="configuration">What its agent has to know.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task CreateAsync(AgentConfiguration configuration, CancellationToken cancellationToken)
    {
        try
        {
            await InTurnAsync(() => MakeAsync(SandboxPhase.Ready, configuration, cancellationToken), cancellationToken);
        }
        finally
        {
            // However it ends, also before its turn: others may wait for it.
            made.TrySetResult();
        }
    }

    /// <summary>Makes its files and starts it before anybody wishes for it; when that fails nothing of it is left.</summary>
    /// <param name="cancellationToken">Gives up.</param>
    public Task PrepareAsync(CancellationToken cancellationToken) =>
        InTurnAsync(() => MakeAsync(SandboxPhase.Pooled, configuration: null, cancellationToken), cancellationToken);

    /// <summary>Makes a spare the sandbox that somebody wishes for; when that fails nothing of it is left.</summary>
    /// <param name="wished">The sandbox wished for; what it was given when it was prepared stays.</param>
    /// <param name="configuration">What its agent has to know.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task AssignAsync(SandboxRecord wished, AgentConfiguration configuration, CancellationToken cancellationToken)
    {
        try
        {
            await InTurnAsync(() => TurnIntoAsync(wished, configuration, cancellationToken), cancellationToken);
        }
        finally
        {
            made.TrySetResult();
        }
    }

    /// <summary>Ends its processes and keeps its files.</summary>
    /// <param name="cancellationToken">Gives up waiting for its turn.</param>
    public Task StopAsync(CancellationToken cancellationToken) => InTurnAsync(async () =>
    {
        RequireReady();
        await EndAsync();
        return true;
    }, cancellationToken);

    /// <summary>Ends its processes and removes its files. Not given up once begun.</summary>
    public Task RemoveAsync() => InTurnAsync(async () =>
    {
        if (Directory.Exists(Directories.Top))
        {
            Save(record with { Phase = SandboxPhase.Removing });
        }

        await RemoveAllAsync();
        return true;
    }, CancellationToken.None);

    /// <summary>Learns what became of its processes while no server watched.</summary>
    public async Task AdoptAsync()
    {
        if (record.Launching)
        {
            await ProcessReaper.EndStraysAsync(Directories.Workspace);
            await EndAsync();
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        OwnerProcessMonitor?.Dispose();
        Agent.Dispose();
        gate.Dispose();
    }

    /// <summary>A connection to its agent. When none listens, it is started, if that is permitted; many callers start it once.</summary>
    private async ValueTask<Stream> ConnectAsync(bool mayWake, CancellationToken cancellationToken)
    {
        if (await TryConnectAsync(cancellationToken) is { } connection)
        {
            return connection;
        }

        await SocketThreads.Leave();
        return await InTurnAsync(async () =>
        {
            RequireReady();
            if (await TryConnectAsync(cancellationToken) is { } woken)
            {
                return woken;
            }

            // Here, where no stop is under way: whoever only looks must not undo one.
            if (!mayWake)
            {
                throw new ApiException(ErrorCodes.SandboxStopped, $"The sandbox '{record.Id}' is stopped, and this request does not wake it.");
            }

            // What a dead agent has left must not meet its successor.
            await EndAsync();
            await LaunchAsync(configuration: null, cancellationToken);
            return await AgentConnection.ConnectAsync(record.Process!.Socket, cancellationToken);
        }, cancellationToken);
    }

    private Task<bool> MakeAsync(SandboxPhase phase, AgentConfiguration? configuration, CancellationToken cancellationToken) => OrRemoveAsync(async () =>
    {
        SandboxFiles.Make(Directories, record.UserId);
        await LaunchAsync(configuration, cancellationToken);
        Save(record with { Phase = phase });
    });

    private Task<bool> TurnIntoAsync(SandboxRecord wished, AgentConfiguration configuration, CancellationToken cancellationToken) => OrRemoveAsync(async () =>
    {
        // Recorded before the agent knows a word of it: what somebody's secrets were told to is a spare no more.
        Save(wished with
        {
            Number = record.Number,
            UserId = record.UserId,
            Isolation = record.Isolation,
            Process = record.Process,
            Phase = SandboxPhase.Creating,
        });
        await launcher.HandshakeAsync(record, configuration, cancellationToken);
        Save(record with { Phase = SandboxPhase.Ready });
    });

    private async Task<bool> OrRemoveAsync(Func<Task> make)
    {
        try
        {
            await make();
            return true;
        }
        catch
        {
            await RemoveAllAsync();
            throw;
        }
    }

    private async Task<T> InTurnAsync<T>(Func<Task<T>> change, CancellationToken cancellationToken)
    {
        await gate.WaitAsync(cancellationToken);
        try
        {
            return await change();
        }
        finally
        {
            gate.Release();
        }
    }

    private async Task<Stream?> TryConnectAsync(CancellationToken cancellationToken) =>
        record.Process is { } process ? await AgentConnection.TryConnectAsync(process.Socket, cancellationToken) : null;

    private async Task LaunchAsync(AgentConfiguration? configuration, CancellationToken cancellationToken)
    {
        LimitPlan limits = launcher.PlanLimits(record);
        Save(record with { Launching = true, Groups = limits.Groups, LimitMeans = record.Limits is null ? null : limits.Means });
        try
        {
            BubblewrapProcess process = await launcher.LaunchAsync(record, limits, configuration, cancellationToken);
            Save(record with { Launching = false, Process = process, Isolation = process.Isolation });
        }
        catch
        {
            await ControlGroups.RemoveAsync(limits.Groups);
            Save(record with { Launching = false, Process = null, Groups = [] });
            throw;
        }
    }

    private async Task EndAsync()
    {
        if (record.Process is { } process)
        {
            await ProcessReaper.EndAsync(process);
        }

        await ControlGroups.RemoveAsync(record.Groups);
        if (record.Process is not null || record.Launching)
        {
            Save(record with { Launching = false, Process = null, Groups = [] });
        }
    }

    private async Task RemoveAllAsync()
    {
        if (record.Process is { } process)
        {
            await ProcessReaper.EndAsync(process);
        }

        await ControlGroups.RemoveAsync(record.Groups);
        await Task.Run(() => SandboxFiles.Remove(launcher.Home, record.Number));
        record = record with { Phase = SandboxPhase.Removing, Process = null };
    }

    private void RequireReady()
    {
        if (record.Phase != SandboxPhase.Ready)
        {
            throw new ApiException(ErrorCodes.SandboxNotFound, $"There is no sandbox '{record.Id}'.");
        }
    }

    private void Save(SandboxRecord next)
    {
        AtomicFile.Write(Directories.Record, next, RecordJson.Default.SandboxRecord);
        record = next;
    }
}
