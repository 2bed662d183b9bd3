using System.Net.Sockets;
using Sandbox.Linux;
using Sandbox.Protocol;
using Sandbox.Server.Engines.Bubblewrap;
using Sandbox.Server.Infrastructure;

namespace Sandbox.Server.Sandboxes;

/// <summary>Brings a sandbox's processes to life, and collects what they leave.</summary>
/// <param name="home">The server's home.</param>
/// <param name="build">The server's build.</param>
internal sealed class SandboxLauncher(ServerHome home, string build) : IDisposable
{
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan AnswerLimit = TimeSpan.FromSeconds(5);

    private readonly ChildReaper collector = new();
    private readonly SemaphoreSlim checks = new(1, 1);
    private readonly Lazy<AgentProgram> agent = new(() => AgentProgram.Install(home, build, AppContext.BaseDirectory));
    private volatile bool isInternetProven;
    private volatile bool isClosed;

    /// <summary>Where everything lies.</summary>
    public ServerHome Home => home;

    /// <summary>The installed agent.</summary>
    public AgentProgram Agent => agent.Value;

    /// <summary>From now on nothing is launched: the server is being stopped.</summary>
    public void Close() => isClosed = true;

    /// <summary>Chooses what keeps a sandbox's limits.</summary>
    /// <param name="record">The sandbox.</param>
    /// <exception cref="ApiException">This host cannot keep one of them.</exception>
    public LimitPlan PlanLimits(SandboxRecord record) =>
        record.Limits is { } limits ? LimitPlan.For(limits, $"sandbox-{Path.GetFileName(Path.GetDirectoryName(home.State))}-{record.UserId}-{record.Number}") : LimitPlan.None;

    /// <summary>Launches a sandbox and waits until its agent answers. When it fails nothing of the launch is left.</summary>
    /// <param name="record">The sandbox.</param>
    /// <param name="limits">What keeps its limits.</param>
    /// <param name="configuration">What a new sandbox's agent has to know; null when it was told in an earlier life.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="ApiException">The host refuses to isolate, or the agent does not answer.</exception>
    public async Task<BubblewrapProcess> LaunchAsync(SandboxRecord record, LimitPlan limits, AgentConfiguration? configuration, CancellationToken cancellationToken)
    {
        RequireOpen();
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(StartLimit);
        LaunchPlan plan = PlanFor(record) with { Limits = limits };
        string directory = home.RunDirectory(record.Number);
        ServerHome.Make(directory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        string path = Path.Combine(directory, "agent.sock");
        BubblewrapProcess process;
        using (Socket listener = AgentConnection.Listen(path))
        {
            try
            {
                ControlGroups.Make(limits);
                process = await BubblewrapLauncher.StartAsync(plan, listener.SafeHandle, path, collector);
            }
            catch (IsolationException refusal)
            {
                throw refusal.Failure.ToException();
            }
        }

        try
        {
            await AgentConnection.HandshakeAsync(path, configuration, limit.Token);
            return process;
        }
        catch (Exception failure)
        {
            await ProcessReaper.EndAsync(process);
            cancellationToken.ThrowIfCancellationRequested();
            string output = BubblewrapLauncher.ReadLog(plan.Directories);
            ServerLog.Write($"Sandbox '{record.Id}' did not start: {failure.Message} {output}");
            throw output.StartsWith("bwrap:", StringComparison.Ordinal) || output.StartsWith("setpriv:", StringComparison.Ordinal)
                ? IsolationFailure.From(output).ToException()
                : new ApiException(ErrorCodes.SandboxUnavailable, "The sandbox's agent did not answer after its start. The server's log says more.", failure);
        }
    }

    /// <summary>Tells the agent of a sandbox that runs already what it has to know.</summary>
    /// <param name="record">The sandbox.</param>
    /// <param name="configuration">What its agent has to know.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="ApiException">The server is being stopped, or the agent does not answer.</exception>
    public async Task HandshakeAsync(SandboxRecord record, AgentConfiguration configuration, CancellationToken cancellationToken)
    {
        RequireOpen();
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(AnswerLimit);
        try
        {
            await AgentConnection.HandshakeAsync(record.Process!.Socket, configuration, limit.Token);
        }
        catch (Exception failure) when (failure is HttpRequestException or IOException or OperationCanceledException)
        {
            cancellationToken.ThrowIfCancellationRequested();
            throw new ApiException(ErrorCodes.SandboxUnavailable, "The sandbox's agent did not answer.", failure);
        }
    }

    /// <summary>Chooses a sandbox's network: the one that is asked for; by default the internet, or nothing and a sentence on why.</summary>
    /// <param name="wished">What is asked for; null for the default.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="ApiException">This host cannot give what is asked for.</exception>
    public async Task<(string Network, string[] Warnings)> ChooseNetworkAsync(string? wished, CancellationToken cancellationToken)
    {
        if (wished is SandboxNetworks.None or SandboxNetworks.Host)
        {
            return (wished, []);
        }

        return await CheckInternetAsync(cancellationToken) switch
        {
            null => (SandboxNetworks.Internet, []),
            { } failure when wished is not null => throw failure.ToException(),
            { } failure => (SandboxNetworks.None, [$"The sandbox has no network. {failure.Reason} {failure.Remedy}"]),
        };
    }

    /// <summary>Tries this host's isolation without making a sandbox.</summary>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>Why it does not work; null when it does.</returns>
    public Task<IsolationFailure?> CheckAsync(CancellationToken cancellationToken) => CheckAsync(SandboxNetworks.None, cancellationToken);

    /// <summary>Tries whether sandboxes can be joined to the internet. What works is tried once; what fails is tried anew, since the owner may have mended it.</summary>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>Why it does not work; null when it does.</returns>
    public async Task<IsolationFailure?> CheckInternetAsync(CancellationToken cancellationToken)
    {
        IsolationFailure? failure = isInternetProven ? null
            : SlirpNetwork.FindObstacle() ?? await CheckAsync(SandboxNetworks.Internet, cancellationToken);
        isInternetProven = failure is null;
        return failure;
    }

    /// <summary>Removes agents of other builds that no sandbox runs.</summary>
    /// <param name="inUse">The program directories of running sandboxes.</param>
    public void RemoveOldAgents(IReadOnlySet<string> inUse)
    {
        foreach (string directory in Directory.GetDirectories(home.Programs))
        {
            if (!inUse.Contains(directory) && Path.GetFileName(directory) != build)
            {
                FileTree.Remove(directory);
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        collector.Dispose();
        checks.Dispose();
    }

    private void RequireOpen()
    {
        if (isClosed)
        {
            throw new ApiException(ErrorCodes.SandboxUnavailable, "The server is being stopped and starts no sandbox. Try again.");
        }
    }

    private async Task<IsolationFailure?> CheckAsync(string network, CancellationToken cancellationToken)
    {
        // Directories of its own; any unprivileged user will do.
        const uint nobody = 65534;
        SandboxDirectories directories = new(Path.Combine(home.State, "check"));
        uint? user = home.IsRoot ? nobody : null;
        await checks.WaitAsync(cancellationToken);
        try
        {
            SandboxFiles.Make(directories, user ?? CurrentProcess.EffectiveUserId);
            LaunchPlan plan = new() { Directories = directories, UserId = user, Agent = Agent, Network = network };
            return await BubblewrapLauncher.TryAsync(plan, collector, cancellationToken);
        }
        catch (ApiException failure)
        {
            return new IsolationFailure(failure.Message, "Correct that, then try again.");
        }
        finally
        {
            checks.Release();
        }
    }

    private LaunchPlan PlanFor(SandboxRecord record) => new()
    {
        Directories = new SandboxDirectories(home.SandboxDirectory(record.Number)),
        UserId = home.IsRoot ? record.UserId : null,
        Agent = Agent,
        Network = record.Network,
        IsolationFeatures = record.Network == SandboxNetworks.Host ? IsolationFeatures.All & ~IsolationFeatures.Network : IsolationFeatures.All,
    };
}
