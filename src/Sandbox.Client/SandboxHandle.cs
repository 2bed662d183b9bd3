using System.Net.WebSockets;
using Sandbox.Protocol;

namespace Sandbox.Client;

/// <summary>A sandbox, or a session in it, by id; it may not exist.</summary>
/// <param name="Client">The client of its server.</param>
/// <param name="Id">The id of the sandbox.</param>
/// <param name="SessionId">The id of the session, whose directory and variables are used; null for the default of the sandbox.</param>
public sealed partial record SandboxHandle(SandboxClient Client, string Id, string? SessionId)
{
    /// <summary>The address of its server.</summary>
    public string Server => Client.Server;

    /// <summary>Returns a handle of a session of the sandbox.</summary>
    /// <param name="id">Its id; null for the default of the sandbox.</param>
    public SandboxHandle Session(string? id) => this with { SessionId = id };

    /// <summary>Returns a handle of a command or process, which runs or is to be started.</summary>
    /// <param name="id">Its id.</param>
    public ProcessHandle Process(string id) => new(this, id);

    /// <summary>Returns a handle of a code context.</summary>
    /// <param name="id">Its id.</param>
    public ContextHandle Context(string id) => new(this, id);

    /// <summary>Returns a handle of a file, directory or link.</summary>
    /// <param name="path">Its path, which may be relative to the directory of the session; its form is that of <see cref="PathText"/>.</param>
    public ItemHandle Item(string path) => new(this, path);

    /// <summary>Returns the sandbox.</summary>
    public Task<SandboxInfo> GetAsync(CancellationToken cancellationToken) =>
        Client.ReadAsync(At(Routes.GetSandbox), ProtocolJson.Default.SandboxInfo, cancellationToken);

    /// <summary>Returns whether the sandbox is running.</summary>
    public async Task<bool> IsRunningAsync(CancellationToken cancellationToken) =>
        (await Client.ReadAsync(At(Routes.GetRunning), ProtocolJson.Default.RunningAnswer, cancellationToken)).Running;

    /// <summary>Stops the processes of the sandbox and keeps its files; the next request starts it again.</summary>
    public Task StopAsync(CancellationToken cancellationToken) => Client.SendAsync(At(Routes.StopSandbox).ToMessage, cancellationToken);

    /// <summary>Removes the sandbox and its content.</summary>
    public Task RemoveAsync(CancellationToken cancellationToken) => Client.SendAsync(At(Routes.DeleteSandbox).ToMessage, cancellationToken);

    /// <summary>Creates a session.</summary>
    /// <param name="request">The properties.</param>
    public Task<SessionInfo> CreateSessionAsync(SessionCreateRequest request, CancellationToken cancellationToken) => Client.ReadAsync(
        () => At(Routes.CreateSession).ToMessage(request, ProtocolJson.Default.SessionCreateRequest), ProtocolJson.Default.SessionInfo, cancellationToken);

    /// <summary>Lists the sessions of the sandbox, oldest first.</summary>
    /// <param name="wake">Whether a stopped sandbox is started; otherwise it is <see cref="ErrorCodes.SandboxStopped"/>.</param>
    public async Task<IReadOnlyList<SessionInfo>> GetSessionsAsync(bool wake, CancellationToken cancellationToken) =>
        (await Client.ReadAsync(At(Routes.ListSessions) with { Wake = wake }, ProtocolJson.Default.SessionList, cancellationToken)).Sessions;

    /// <summary>Returns the session.</summary>
    public Task<SessionInfo> GetSessionAsync(CancellationToken cancellationToken) =>
        Client.ReadAsync(At(Routes.GetSession, RequiredSession), ProtocolJson.Default.SessionInfo, cancellationToken);

    /// <summary>Removes the session and stops what runs in it.</summary>
    public Task<SessionDeleted> RemoveSessionAsync(CancellationToken cancellationToken) =>
        Client.ReadAsync(At(Routes.DeleteSession, RequiredSession), ProtocolJson.Default.SessionDeleted, cancellationToken);

    /// <summary>Returns the environment variables of the sandbox or session.</summary>
    /// <param name="reveal">Whether secret values are included.</param>
    /// <param name="wake">Whether a stopped sandbox is started; otherwise it is <see cref="ErrorCodes.SandboxStopped"/>.</param>
    public Task<EnvironmentState> GetEnvironmentAsync(bool reveal, bool wake, CancellationToken cancellationToken) => Client.ReadAsync(
        AtSession(Routes.GetEnvironment).With("reveal", reveal ? "true" : null) with { Wake = wake }, ProtocolJson.Default.EnvironmentState, cancellationToken);

    /// <summary>Changes environment variables of the sandbox or session.</summary>
    /// <param name="patch">The changes.</param>
    public Task SetEnvironmentAsync(EnvironmentPatch patch, CancellationToken cancellationToken) =>
        Client.SendAsync(() => AtSession(Routes.ChangeEnvironment).ToMessage(patch, ProtocolJson.Default.EnvironmentPatch), cancellationToken);

    /// <summary>Creates a code context, or returns the default one.</summary>
    /// <param name="request">The properties.</param>
    public Task<ContextInfo> CreateContextAsync(ContextCreateRequest request, CancellationToken cancellationToken) => Client.ReadAsync(
        () => AtSession(Routes.CreateContext).ToMessage(request, ProtocolJson.Default.ContextCreateRequest),
        ProtocolJson.Default.ContextInfo, cancellationToken);

    /// <summary>Lists the code contexts of the sandbox, oldest first. A stopped sandbox is not started but is
    /// <see cref="ErrorCodes.SandboxStopped"/>.</summary>
    public async Task<IReadOnlyList<ContextInfo>> GetContextsAsync(CancellationToken cancellationToken) =>
        (await Client.ReadAsync(At(Routes.ListContexts) with { Wake = false }, ProtocolJson.Default.ContextList, cancellationToken)).Contexts;

    /// <summary>Lists the processes of the sandbox, oldest first.</summary>
    /// <param name="includeCommands">Whether retained commands are included.</param>
    /// <param name="wake">Whether a stopped sandbox is started; otherwise the list is empty.</param>
    public async Task<IReadOnlyList<ProcessInfo>> GetProcessesAsync(bool includeCommands, bool wake, CancellationToken cancellationToken) =>
        (await Client.ReadAsync(
            At(Routes.ListProcesses).With("commands", includeCommands ? "true" : null) with { Wake = wake },
            ProtocolJson.Default.ProcessList, cancellationToken)).Processes;

    /// <summary>Removes all exited processes and their output.</summary>
    public Task RemoveEndedProcessesAsync(CancellationToken cancellationToken) =>
        Client.SendAsync(At(Routes.DeleteEndedProcesses).ToMessage, cancellationToken);

    /// <summary>Sends all processes of the sandbox a signal, in one step.</summary>
    /// <param name="signal">The signal's name: <c>TERM</c>.</param>
    public Task SignalAllAsync(string signal, CancellationToken cancellationToken) => Client.SendAsync(
        () => At(Routes.SignalProcesses).ToMessage(new SignalRequest(signal), ProtocolJson.Default.SignalRequest), cancellationToken);

    /// <summary>Lists the ports on which programs of the sandbox listen. The session, if any, must exist.</summary>
    /// <param name="wake">Whether a stopped sandbox is started; otherwise it is <see cref="ErrorCodes.SandboxStopped"/>.</param>
    public async Task<IReadOnlyList<int>> GetPortsAsync(bool wake, CancellationToken cancellationToken) =>
    [
        .. (await Client.ReadAsync(AtSession(Routes.ListPorts) with { Wake = wake }, ProtocolJson.Default.PortList, cancellationToken))
            .Ports.Select(listening => listening.Port),
    ];

    /// <summary>Opens a TCP tunnel to a program of the sandbox, see <see cref="SocketTunnel"/>.</summary>
    /// <param name="port">The port on which the program listens.</param>
    public Task<WebSocket> ConnectPortAsync(int port, CancellationToken cancellationToken) =>
        Client.UpgradeAsync(At(Routes.ConnectPort, $"{PortNumber.Require(port)}"), cancellationToken);

    /// <summary>Attaches to the terminal of the session, or else of the default session or the sandbox, and starts one if needed.</summary>
    /// <param name="request">The options.</param>
    public async Task<TerminalConnection> OpenTerminalAsync(TerminalRequest request, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        RequestAddress address = AtSession(Routes.OpenTerminal).With("cols", request.Size.Columns).With("rows", request.Size.Rows)
            .With("shell", request.Shell).With("term", request.Type).With("terminal", request.Terminal).With("offset", request.Offset);
        return new(Server, await Client.UpgradeAsync(address, cancellationToken));
    }

    /// <summary>Returns <c>sandbox</c> or <c>sandbox/session</c>.</summary>
    public override string ToString() => SessionId is null ? Id : $"{Id}/{SessionId}";

    private string RequiredSession => SessionId ?? throw new InvalidOperationException("The handle has no session.");

    /// <summary>Returns the address of a route of the sandbox, without the session.</summary>
    internal RequestAddress At(ApiRoute route, params string[] ids) => new(route, [Id, .. ids]);

    /// <summary>Returns the address of a route of the sandbox, with the session.</summary>
    internal RequestAddress AtSession(ApiRoute route) => At(route) with { Session = SessionId };
}
