using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Sandbox.Protocol;
using Sandbox.Server.Infrastructure;

namespace Sandbox.Server.Engines.Bubblewrap;

/// <summary>A sandbox that bubblewrap runs.</summary>
internal sealed class BubblewrapInstance(BubblewrapEngine engine, SandboxDirectories directories, BubblewrapState state) : IEngineInstance
{
    private volatile BubblewrapState _state = state;
    private LaunchOutput? _output;

    public JsonElement State => JsonSerializer.SerializeToElement(_state, BubblewrapJson.Default.BubblewrapState);

    public string[] Isolation => _state.Isolation;

    public SandboxLimits? Limits => _state.Limits;

    public Dictionary<string, string>? LimitEnforcement => _state.LimitMeans;

    public bool IsRunning => _state.Process is { } process && ProcessReaper.IsRunning(process);

    public bool IsLaunchInterrupted => _state.Launching;

    public BubblewrapProcess? Process => _state.Process;

    public async Task LaunchAsync(LaunchSpec spec, Action saveState)
    {
        LimitPlan limits = LimitPlan.For(spec.Limits ?? new SandboxLimits(), engine.ControlGroupOf(directories, _state.UserId));
        LaunchPlan plan = engine.PlanLaunch(directories, _state.UserId, spec.Network) with { Limits = limits };
        bool isLimited = limits.Enforcement.Count > 0;
        _state = _state with
        {
            Launching = true,
            Groups = limits.Groups,
            Limits = isLimited ? limits.Limits : null,
            LimitMeans = isLimited ? limits.Enforcement : null,
        };
        saveState();
        _output?.Dispose();
        _output = new LaunchOutput();
        try
        {
            BubblewrapEngine.RestorePermissions(directories);
            ServerHome.Make(directories.Run, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            string socket = Path.Combine(directories.Run, "agent.sock");
            using Socket listener = UnixSocket.Listen(socket);
            ControlGroups.Create(limits);
            BubblewrapProcess process = await BubblewrapLauncher.StartAsync(plan, listener.SafeHandle, socket, _output);
            _state = _state with { Launching = false, Process = process, Isolation = IsolationCatalog.NamesOf(plan) };
            engine.Watch(this, plan.Rules);
        }
        catch (Exception exception)
        {
            await ControlGroups.RemoveAsync(limits.Groups);
            _state = _state with { Launching = false, Groups = [] };
            if (exception is IsolationException obstacle)
            {
                throw obstacle.ToApiException();
            }

            throw;
        }
    }

    public Task<Stream?> TryConnectAsync(CancellationToken cancellationToken) =>
        _state.Process is { } process ? UnixSocket.TryConnectAsync(process.Socket, cancellationToken) : Task.FromResult<Stream?>(null);

    public async Task KillAsync()
    {
        engine.Unwatch(this);
        if (_state.Process is { } process)
        {
            await ProcessReaper.KillAsync(process);
        }
        else if (_state.Launching)
        {
            await ProcessReaper.KillStraysAsync(directories.Workspace);
        }

        await ControlGroups.RemoveAsync(_state.Groups);
        _state = _state with { Launching = false, Process = null, Groups = [] };
    }

    public (string Output, ApiException? Error) DiagnoseStart()
    {
        string output = _output?.Read() ?? "";
        bool isRefused = output.StartsWith("bwrap:", StringComparison.Ordinal) || output.StartsWith("setpriv:", StringComparison.Ordinal);
        return (output + ReadLog(), isRefused ? IsolationException.FromOutput(output).ToApiException() : null);
    }

    public void Dispose() => _output?.Dispose();

    /// <summary>Returns the end of what the agent printed.</summary>
    private string ReadLog()
    {
        const int maxLength = 4096;
        using FileStream file = new(directories.Log, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        file.Position = Math.Max(0, file.Length - maxLength);
        byte[] end = new byte[maxLength];
        return Encoding.UTF8.GetString(end, 0, file.ReadAtLeast(end, maxLength, throwOnEndOfStream: false));
    }
}
