using System.Globalization;
using Sandbox.Agent.Commands;
using Sandbox.Linux;

namespace Sandbox.Agent.Shells;

/// <summary>Starts shells, one ahead of need, so that a session or a sessionless command need not wait for one.</summary>
internal sealed class ShellPool : IDisposable
{
    private readonly string _runtime;
    private readonly FifoOpenWatcher _openWatcher;
    private readonly EventLoop _loop;
    private readonly ShellLauncher _launcher;
    private readonly Lock _gate = new();
    private Task<Shell>? _spare;
    private int _count;
    private bool _isClosed;

    /// <summary>Creates the pool.</summary>
    /// <param name="runtime">The directory of the shells' pipes.</param>
    /// <param name="launcher">See <see cref="AgentPaths.ShellLauncher"/>.</param>
    /// <param name="loop">Where their pipes are watched.</param>
    public ShellPool(string runtime, IReadOnlyList<string> launcher, EventLoop loop)
    {
        _runtime = runtime;
        _openWatcher = new FifoOpenWatcher(loop);
        _loop = loop;
        BaseEnvironment = ReadBaseEnvironment();
        _launcher = new ShellLauncher(launcher, BaseEnvironment);
    }

    /// <summary>What every shell starts with, before the sandbox's own variables: fixed when the sandbox is made.</summary>
    public IReadOnlyDictionary<string, string> BaseEnvironment { get; }

    /// <summary>Starts the first spare one.</summary>
    public void Fill()
    {
        lock (_gate)
        {
            _spare ??= _isClosed ? null : Task.Run(Start);
        }
    }

    /// <summary>A fresh shell with the base environment.</summary>
    public Shell Take()
    {
        Task<Shell>? ready;
        lock (_gate)
        {
            ready = _spare;
            _spare = null;
        }

        Shell? shell = ready is { IsCompletedSuccessfully: true, Result.Ended: null } ? ready.Result : null;
        if (shell is null)
        {
            // Not started yet: a start of our own is as fast as waiting for that one, which stays the spare.
            lock (_gate)
            {
                _spare ??= ready is { IsCompleted: false } ? ready : null;
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
        lock (_gate)
        {
            (_isClosed, last, _spare) = (true, _spare, null);
        }

        // Also one that is just starting, which still writes into the runtime directory.
        ((IAsyncResult?)last)?.AsyncWaitHandle.WaitOne();
        if (last is { IsCompletedSuccessfully: true })
        {
            last.Result.Signal(Signal.KILL);
        }

        _launcher.Dispose();
        _openWatcher.Dispose();
    }

    private Shell Start()
    {
        string number = Interlocked.Increment(ref _count).ToString(CultureInfo.InvariantCulture);
        return Shell.Start(Path.Combine(_runtime, number), _launcher, _loop, _openWatcher);
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
