using Sandbox.Protocol;
using Sandbox.Server.Engines;
using Sandbox.Server.Infrastructure;

namespace Sandbox.Server.Sandboxes;

/// <summary>One sandbox: its record, its engine's instance and connections to its agent. Changes are made one at a time.</summary>
internal sealed class SandboxInstance : IDisposable
{
    private readonly SemaphoreSlim _gate = new(1, 1);
    private readonly SandboxDirectories _directories;
    private readonly ISandboxEngine _engine;
    private readonly SandboxLauncher _launcher;
    private readonly TaskCompletionSource _created = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile SandboxRecord _record;
    private volatile IEngineInstance? _instance;

    /// <summary>Creates the object for a recorded sandbox, or for one that is about to be created.</summary>
    public SandboxInstance(SandboxRecord record, SandboxDirectories directories, ISandboxEngine engine, SandboxLauncher launcher)
    {
        _record = record;
        _directories = directories;
        _engine = engine;
        _launcher = launcher;
        _instance = record.EngineState is { } state ? engine.Attach(directories, state) : null;
        Agent = AgentConnection.CreateInvoker((request, cancellationToken) => ConnectAsync(AgentConnection.MayWake(request), cancellationToken));
        if (record.Phase is not (SandboxPhase.Creating or SandboxPhase.Pooled))
        {
            _created.SetResult();
        }
    }

    public SandboxRecord Record => _record;

    /// <summary>Gets a task that completes when the creation has succeeded or failed.</summary>
    public Task Created => _created.Task;

    /// <summary>Gets or sets what watches the owner of a temporary sandbox.</summary>
    public IDisposable? OwnerMonitor { get; set; }

    /// <summary>Gets what sends requests to the agent. A request that may wake the sandbox starts it when it is stopped.</summary>
    public HttpMessageInvoker Agent { get; }

    public bool IsRunning => _instance?.IsRunning == true;

    /// <summary>Gets the engine's instance; null before the sandbox's files exist.</summary>
    public IEngineInstance? Instance => _instance;

    public SandboxInfo ToInfo()
    {
        SandboxRecord record = _record;
        string[] isolation = _instance?.Isolation ?? [];
        return new SandboxInfo
        {
            Id = record.Id,
            State = IsRunning ? SandboxState.Running : SandboxState.Stopped,
            Engine = record.Engine,
            Network = record.Network,
            Limits = _instance?.Limits ?? record.Limits,
            LimitMeans = _instance?.LimitEnforcement,
            Warnings = record.Warnings,
            Temporary = record.Owner is not null,
            Isolation = isolation,
            MissingIsolation = [.. _engine.DescribeIsolation(record.Network).Where(feature => !isolation.Contains(feature.Name)).Select(Explain)],
            CreatedAt = record.CreatedAt,
            DefaultSession = record.DefaultSession,
            Labels = record.Labels,
        };
    }

    /// <summary>Creates the sandbox's files and starts it. A failure leaves nothing behind.</summary>
    public Task CreateAsync(AgentConfiguration configuration, CancellationToken cancellationToken) =>
        CompleteCreationAsync(() => StartNewAsync(SandboxPhase.Ready, configuration, cancellationToken), cancellationToken);

    /// <summary>Creates the sandbox's files and starts it for the pool. A failure leaves nothing behind.</summary>
    public Task CreatePooledAsync(CancellationToken cancellationToken) =>
        SerializeAsync(() => StartNewAsync(SandboxPhase.Pooled, configuration: null, cancellationToken), cancellationToken);

    /// <summary>Turns a pooled sandbox into a requested one, which gets its number and its engine's state. A failure leaves nothing behind.</summary>
    public Task AssignAsync(SandboxRecord requested, AgentConfiguration configuration, CancellationToken cancellationToken) =>
        CompleteCreationAsync(() => OrRemoveAsync(async () =>
        {
            // Recorded before the agent gets the configuration: a sandbox that has a user's secrets must not be taken for a pooled one.
            Save(requested with { Number = _record.Number, Phase = SandboxPhase.Creating });
            await _launcher.ConfigureAsync(_instance!, configuration, cancellationToken);
            Save(_record with { Phase = SandboxPhase.Ready });
        }), cancellationToken);

    /// <summary>Kills the sandbox's processes and keeps its files.</summary>
    public Task StopAsync(CancellationToken cancellationToken) => SerializeAsync(async () =>
    {
        RequireReady();
        await _instance!.KillAsync();
        Save(_record);
        return true;
    }, cancellationToken);

    /// <summary>Kills the sandbox's processes and removes its files. Cannot be cancelled.</summary>
    public Task RemoveAsync() => SerializeAsync(async () =>
    {
        if (Directory.Exists(_directories.Top))
        {
            Save(_record with { Phase = SandboxPhase.Removing });
        }

        await RemoveAllAsync();
        return true;
    }, CancellationToken.None);

    /// <summary>Cleans up after an earlier server that exited while it launched the sandbox.</summary>
    public async Task RecoverAsync()
    {
        if (_instance is { IsLaunchInterrupted: true } instance)
        {
            await instance.KillAsync();
            Save(_record);
        }
    }

    public void Dispose()
    {
        OwnerMonitor?.Dispose();
        _instance?.Dispose();
        Agent.Dispose();
        _gate.Dispose();
    }

    /// <summary>Connects to the agent. When it does not listen, the sandbox is launched if the request permits, once for all concurrent requests.</summary>
    private async ValueTask<Stream> ConnectAsync(bool mayWake, CancellationToken cancellationToken)
    {
        if (await TryConnectAsync(cancellationToken) is { } connection)
        {
            return connection;
        }

        await InlineSocketScheduling.Leave();
        return await SerializeAsync(async () =>
        {
            RequireReady();
            if (await TryConnectAsync(cancellationToken) is { } started)
            {
                return started;
            }

            // Checked here, where no stop is in progress: a request that only reads must not undo one.
            if (!mayWake)
            {
                throw new ApiException(ErrorCodes.SandboxStopped, $"The sandbox '{_record.Id}' is stopped, and this request does not wake it.");
            }

            // A dead agent may have left processes.
            await _instance!.KillAsync();
            await LaunchAsync(configuration: null, cancellationToken);
            return await AgentConnection.ConnectAsync(_instance, cancellationToken);
        }, cancellationToken);
    }

    private Task<bool> StartNewAsync(SandboxPhase phase, AgentConfiguration? configuration, CancellationToken cancellationToken) => OrRemoveAsync(async () =>
    {
        _instance = _engine.Create(_directories);
        await LaunchAsync(configuration, cancellationToken);
        Save(_record with { Phase = phase });
    });

    private async Task CompleteCreationAsync(Func<Task<bool>> create, CancellationToken cancellationToken)
    {
        try
        {
            await SerializeAsync(create, cancellationToken);
        }
        finally
        {
            // Also when it was cancelled before its turn: requests may wait for it.
            _created.TrySetResult();
        }
    }

    private async Task<bool> OrRemoveAsync(Func<Task> create)
    {
        try
        {
            await create();
            return true;
        }
        catch
        {
            await RemoveAllAsync();
            throw;
        }
    }

    private async Task<T> SerializeAsync<T>(Func<Task<T>> change, CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken);
        try
        {
            return await change();
        }
        finally
        {
            _gate.Release();
        }
    }

    private static IsolationFeature Explain(IsolationFeature missing) => !missing.Available ? missing
        : missing.Without("The sandbox was started by a server, or on a host, without it.", "Stop the sandbox: its next use starts it again.");

    private Task<Stream?> TryConnectAsync(CancellationToken cancellationToken) =>
        _instance?.TryConnectAsync(cancellationToken) ?? Task.FromResult<Stream?>(null);

    private async Task LaunchAsync(AgentConfiguration? configuration, CancellationToken cancellationToken)
    {
        try
        {
            LaunchSpec spec = new(_record.Network, _record.Limits);
            await _launcher.LaunchAsync(_record.Id, _instance!, spec, () => Save(_record), configuration, cancellationToken);
        }
        finally
        {
            Save(_record);
        }
    }

    private async Task RemoveAllAsync()
    {
        if (_instance is { } instance)
        {
            await instance.KillAsync();
        }

        await Task.Run(_directories.Remove);
        _record = _record with { Phase = SandboxPhase.Removing };
    }

    private void RequireReady()
    {
        if (_record.Phase != SandboxPhase.Ready)
        {
            throw new ApiException(ErrorCodes.SandboxNotFound, $"There is no sandbox '{_record.Id}'.");
        }
    }

    private void Save(SandboxRecord record)
    {
        record = record with { EngineState = _instance?.State };
        AtomicFile.WriteJson(_directories.Record, record, RecordJson.Default.SandboxRecord);
        _record = record;
    }
}
