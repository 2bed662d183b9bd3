using System.Globalization;
using Sandbox.Agent.Commands;
using Sandbox.Linux;

namespace Sandbox.Agent.Shells;

/// <summary>Starts shells, one in advance, so that a session or a command without one need not wait for it.</summary>
internal sealed class ShellPool : IDisposable
{
    private readonly string _runtime;
    private readonly FifoOpenWatcher _openWatcher;
    private readonly EventLoop _loop;
    private readonly ShellLauncher _launcher;
    private readonly Lock _gate = new();
    private Task<Shell>? _next;
    private int _count;
    private bool _isClosed;

    /// <param name="launcher">See <see cref="AgentPaths.ShellLauncher"/>.</param>
    public ShellPool(string runtime, IReadOnlyList<string> launcher, EventLoop loop)
    {
        _runtime = runtime;
        _openWatcher = new FifoOpenWatcher(loop);
        _loop = loop;
        BaseEnvironment = ReadBaseEnvironment();
        _launcher = new ShellLauncher(launcher, BaseEnvironment);
    }

    /// <summary>The variables of every shell before the sandbox's own: fixed when the sandbox is created.</summary>
    public IReadOnlyDictionary<string, string> BaseEnvironment { get; }

    /// <summary>Starts the first shell in advance.</summary>
    public void Fill()
    {
        lock (_gate)
        {
            _next ??= _isClosed ? null : Task.Run(Start);
        }
    }

    /// <summary>Gets a fresh shell with the base environment.</summary>
    public Shell Take()
    {
        Task<Shell>? ready;
        lock (_gate)
        {
            ready = _next;
            _next = null;
        }

        Shell? shell = ready is { IsCompletedSuccessfully: true, Result.Ended: null } ? ready.Result : null;
        if (shell is null)
        {
            // It is still starting: starting another is as fast as waiting for it, so it stays in the pool.
            lock (_gate)
            {
                _next ??= ready is { IsCompleted: false } ? ready : null;
            }

            shell = Start();
        }

        Fill();
        return shell;
    }

    public void Dispose()
    {
        Task<Shell>? last;
        lock (_gate)
        {
            (_isClosed, last, _next) = (true, _next, null);
        }

        // One that is still starting writes into the runtime directory.
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
        AddNames(environment);
        if (environment.TryGetValue("HOME", out string? home))
        {
            // Where 'pip install --user' puts programs, and npm as well when it is told so: its own prefix belongs to root.
            string own = Path.Combine(home, ".local"), programs = Path.Combine(own, "bin");
            string search = environment.GetValueOrDefault("PATH", "");
            environment["PATH"] = search.Split(':').Contains(programs) ? search : $"{programs}:{search}";
            environment["NPM_CONFIG_PREFIX"] = own;
        }

        return environment;
    }

    private static void AddNames(Dictionary<string, string> environment)
    {
        foreach (string name in (string[])["PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "TZ"])
        {
            if (Environment.GetEnvironmentVariable(name) is { } value)
            {
                environment[name] = value;
            }
        }
    }
}
