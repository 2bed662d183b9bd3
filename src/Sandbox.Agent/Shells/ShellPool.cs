using System.Globalization;
using Sandbox.Linux;

namespace Sandbox.Agent.Shells;

/// <summary>Starts shells, one ahead of need, so that a session or a sessionless command need not wait for one.</summary>
internal sealed class ShellPool : IDisposable
{
    private readonly AgentPaths paths;
    private readonly EventLoop loop;
    private readonly ShellLauncher launcher;
    private readonly Lock gate = new();
    private Task<Shell>? spare;
    private int count;
    private bool isClosed;

    /// <summary>Creates the pool.</summary>
    /// <param name="paths">Where shells keep their pipes.</param>
    /// <param name="loop">Where their pipes are watched.</param>
    public ShellPool(AgentPaths paths, EventLoop loop)
    {
        this.paths = paths;
        this.loop = loop;
        BaseEnvironment = ReadBaseEnvironment();
        launcher = new ShellLauncher(paths.ShellLauncher, BaseEnvironment);
    }

    /// <summary>What every shell starts with, before the sandbox's own variables: fixed when the sandbox is made.</summary>
    public IReadOnlyDictionary<string, string> BaseEnvironment { get; }

    /// <summary>Starts the first spare one.</summary>
    public void Fill()
    {
        lock (gate)
        {
            spare ??= isClosed ? null : Task.Run(Start);
        }
    }

    /// <summary>A fresh shell with the base environment.</summary>
    public Shell Take()
    {
        Task<Shell>? ready;
        lock (gate)
        {
            ready = spare;
            spare = null;
        }

        Shell? shell = ready is { IsCompletedSuccessfully: true, Result.Ended: null } ? ready.Result : null;
        if (shell is null)
        {
            // Not started yet: a start of our own is as fast as waiting for that one, which stays the spare.
            lock (gate)
            {
                spare ??= ready is { IsCompleted: false } ? ready : null;
            }

            shell = Start();
        }

        Fill();
        return shell;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Task<Shell>? last;
        lock (gate)
        {
            (isClosed, last, spare) = (true, spare, null);
        }

        // Also one that is just starting, which still writes into the runtime directory.
        ((IAsyncResult?)last)?.AsyncWaitHandle.WaitOne();
        if (last is { IsCompletedSuccessfully: true })
        {
            last.Result.Signal(Signal.KILL);
        }

        launcher.Dispose();
    }

    private Shell Start()
    {
        string number = Interlocked.Increment(ref count).ToString(CultureInfo.InvariantCulture);
        return Shell.Start(Path.Combine(paths.Runtime, number), launcher, loop);
    }

    private static Dictionary<string, string> ReadBaseEnvironment()
    {
        Dictionary<string, string> environment = [];
        foreach (string name in (string[])["PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "TZ"])
        {
            if (Environment.GetEnvironmentVariable(name) is { } value)
            {
                environment[name] = value;
            }
        }

        return environment;
    }
}
