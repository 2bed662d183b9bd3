using System.Runtime.CompilerServices;
using static Sandbox.Protocol.RouteOwner;

namespace Sandbox.Protocol;

/// <summary>Every route of the API. Server and agent map them, clients build addresses from them, and the OpenAPI document describes them.</summary>
public static class Routes
{
    /// <summary>The path of a sandbox; all routes below it that the server does not serve are its agent's.</summary>
    public const string SandboxTemplate = SandboxPrefix + "{id}";

    /// <summary>What the paths of sandboxes begin with.</summary>
    public const string SandboxPrefix = "/v1/sandbox/";

    private const string Get = "GET", Post = "POST", Put = "PUT", Patch = "PATCH", Delete = "DELETE";

    // Filled by the fields below, in the order of the text.
    private static readonly List<ApiRoute> Known = [];

#pragma warning disable CS1591 // Each has its summary.
    public static readonly ApiRoute GetHealth = Add(Server, Get, "/health", "Returns whether the server responds.", typeof(HealthAnswer));
    public static readonly ApiRoute GetOpenApi = Add(Server, Get, "/v1/openapi.json", "Returns this document.", media: ApiRoute.Json);
    public static readonly ApiRoute GetOpenApiAlias = Add(Server, Get, "/v1/openapi", "Returns this document.", media: ApiRoute.Json);
    public static readonly ApiRoute GetServer = Add(Server, Get, "/v1/server", "Returns the version of the server and what it can do.", typeof(ServerInfo));
    public static readonly ApiRoute StopServer = Add(
        LocalServer, Post, "/v1/server/stop", "Stops all sandboxes, then the server; files are kept. Only on the server's own socket.", status: 202);
    public static readonly ApiRoute LeaveServer = Add(
        LocalServer, Post, "/v1/server/leave", "Stops the server; sandboxes keep running. Only on the server's own socket.", status: 202);
    public static readonly ApiRoute CreateSandbox = Add(Server, Post, "/v1/sandbox", "Creates a sandbox.", typeof(SandboxInfo), typeof(SandboxCreateRequest));
    public static readonly ApiRoute ListSandboxes = Add(Server, Get, "/v1/sandbox", "Lists the sandboxes, oldest first.", typeof(SandboxList), query: "label");
    public static readonly ApiRoute GetSandbox = Add(Server, Get, SandboxTemplate, "Returns a sandbox.", typeof(SandboxInfo));
    public static readonly ApiRoute DeleteSandbox = Add(Server, Delete, SandboxTemplate, "Removes a sandbox and its files.");
    public static readonly ApiRoute GetRunning = Add(Server, Get, SandboxTemplate + "/running", "Returns whether a sandbox is running.", typeof(RunningAnswer));
    public static readonly ApiRoute StopSandbox = Add(Server, Post, SandboxTemplate + "/stop", "Stops the processes of a sandbox and keeps its files.");

    public static readonly ApiRoute CreateSession = Agent(Post, "/session", "Creates a session.", typeof(SessionInfo), typeof(SessionCreateRequest));
    public static readonly ApiRoute ListSessions = Agent(Get, "/session", "Lists the sessions, oldest first.", typeof(SessionList));
    public static readonly ApiRoute GetSession = Agent(Get, "/session/{session}", "Returns a session.", typeof(SessionInfo));
    public static readonly ApiRoute DeleteSession = Agent(Delete, "/session/{session}", "Removes a session and stops what runs in it.", typeof(SessionDeleted));
    public static readonly ApiRoute GetEnvironment = Agent(
        Get, "/env", "Returns the environment variables of the sandbox or session.", typeof(EnvironmentState), query: "reveal");
    public static readonly ApiRoute ChangeEnvironment = Agent(
        Patch, "/env", "Changes environment variables of the sandbox or session.", request: typeof(EnvironmentPatch));

    public static readonly ApiRoute Execute = Agent(
        Post, "/exec", "Runs a command in a session and streams its output.", request: typeof(ExecRequest), media: ApiRoute.Events);
    public static readonly ApiRoute StartProcess = Agent(Post, "/process", "Starts a background process.", typeof(ProcessInfo), typeof(ExecRequest));
    public static readonly ApiRoute ListProcesses = Agent(Get, "/process", "Lists the processes, oldest first.", typeof(ProcessList), query: "commands");
    public static readonly ApiRoute DeleteEndedProcesses = Agent(Delete, "/process", "Removes all processes that have ended, and their output.");
    public static readonly ApiRoute SignalProcesses = Agent(Post, "/process/signal", "Sends a signal to all processes.", request: typeof(SignalRequest));
    public static readonly ApiRoute GetProcess = Agent(Get, "/process/{process}", "Returns a command or process.", typeof(ProcessInfo));
    public static readonly ApiRoute DeleteProcess = Agent(Delete, "/process/{process}", "Removes a process that has ended, and its output.");
    public static readonly ApiRoute WriteInput = Agent(
        Post, "/process/{process}/stdin", "Writes to the standard input of a command or process.", query: "end", requestMedia: ApiRoute.Bytes);
    public static readonly ApiRoute SignalProcess = Agent(
        Post, "/process/{process}/signal", "Sends a signal to a command or process.", request: typeof(SignalRequest));
    public static readonly ApiRoute ReadOutput = Agent(
        Get, "/process/{process}/output", "Streams the output of a command or process.", query: "from follow", media: ApiRoute.Events);
    public static readonly ApiRoute WaitForProcess = Agent(
        Get, "/process/{process}/wait", "Waits up to 30 seconds until a process exits or listens on a port.", typeof(WaitAnswer),
        query: "port path status timeoutMs");

    public static readonly ApiRoute ReadFile = Agent("GET HEAD", "/file/{**path}", "Reads a file.", query: "path offset length upload", media: ApiRoute.Bytes);
    public static readonly ApiRoute WriteFile = Agent(
        Put, "/file/{**path}", "Writes a file.", typeof(FileWritten), query: "path parents append upload offset mode modifiedAt", requestMedia: ApiRoute.Bytes);
    public static readonly ApiRoute DeleteFile = Agent(Delete, "/file/{**path}", "Removes a file or directory.", query: "path recursive");
    public static readonly ApiRoute ListDirectory = Agent(
        Get, "/directory/{**path}", "Lists a directory.", typeof(FileEntry), query: "path recursive depth filter hidden exclude root", media: ApiRoute.Lines);
    public static readonly ApiRoute CreateDirectory = Agent(
        Put, "/directory/{**path}", "Creates a directory and its missing parents.", typeof(Done), query: "path mode");
    public static readonly ApiRoute CreateLink = Agent(Put, "/link/{**path}", "Creates a symbolic link.", typeof(Done), query: "path target");
    public static readonly ApiRoute FindItem = Agent(
        Get, "/item", "Returns the item at a path, or, one a line, those that match a pattern.", typeof(FileEntry), query: "path follow pattern hidden");
    public static readonly ApiRoute MoveItem = Agent(Post, "/move", "Moves a file or directory.", query: "path destination overwrite");
    public static readonly ApiRoute CopyItem = Agent(Post, "/copy", "Copies a file or directory.", query: "path destination recursive overwrite");
    public static readonly ApiRoute Watch = Agent(
        Get, "/watch", "Streams changes below a path.", query: "path recursive filter exclude", media: ApiRoute.Events);
    public static readonly ApiRoute ExportArchive = Agent(
        Post, "/persist", "Returns a directory as a tar archive.", query: "path exclude excludes root partial sparse", media: ApiRoute.Bytes);
    public static readonly ApiRoute ImportArchive = Agent(
        Post, "/hydrate", "Extracts a tar archive into a directory.", typeof(Done), query: "path replace", requestMedia: ApiRoute.Bytes);
    public static readonly ApiRoute CheckOut = Agent(
        Post, "/git/checkout", "Checks out a repository and streams the progress.", request: typeof(CheckoutRequest), media: ApiRoute.Events);

    public static readonly ApiRoute OpenTerminal = Agent(
        Get, "/pty", "Opens a terminal over a WebSocket.", query: "cols rows shell term terminal offset view session", status: 101);
    public static readonly ApiRoute ListPorts = Agent(Get, "/port", "Lists the ports on which programs listen.", typeof(PortList));
    public static readonly ApiRoute ForwardToPort = Agent(
        "", "/port/{port}/{**path}", "Forwards a request to the program that listens on a port.", media: "*/*");
    public static readonly ApiRoute ConnectPort = Agent(Get, "/tcp/{port}", "Opens a TCP connection over a WebSocket.", status: 101);

    public static readonly ApiRoute CreateContext = Agent(Post, "/context", "Creates a code context.", typeof(ContextInfo), typeof(ContextCreateRequest));
    public static readonly ApiRoute ListContexts = Agent(Get, "/context", "Lists the code contexts, oldest first.", typeof(ContextList));
    public static readonly ApiRoute GetContext = Agent(Get, "/context/{context}", "Returns a code context.", typeof(ContextInfo));
    public static readonly ApiRoute DeleteContext = Agent(Delete, "/context/{context}", "Removes a code context.");
    public static readonly ApiRoute RunCode = Agent(
        Post, "/context/{context}/run", "Runs code and streams its output and results.", request: typeof(CodeRunRequest), media: ApiRoute.Events);

    public static readonly ApiRoute GetAgentHealth = Add(PrivateAgent, Get, "/agent/health", "Returns whether the agent responds.");
    public static readonly ApiRoute ConfigureAgent = Add(
        PrivateAgent, Put, "/agent/configuration", "Configures the agent of a new sandbox.", request: typeof(AgentConfiguration));
#pragma warning restore CS1591

    /// <summary>All routes.</summary>
    public static IReadOnlyList<ApiRoute> All => Known;

    /// <summary>Returns whether a path needs no API key.</summary>
    /// <param name="path">The path of a request.</param>
    public static bool IsOpen(string? path) => path == GetHealth.Template || path == GetOpenApi.Template || path == GetOpenApiAlias.Template;

    private static ApiRoute Agent(
        string methods, string template, string summary, Type? response = null, Type? request = null, string query = "",
        string? media = null, string? requestMedia = null, int status = 0, [CallerMemberName] string id = "") =>
        Add(RouteOwner.Agent, methods, SandboxTemplate + template, summary, response, request, query, media, requestMedia, status, id);

    private static ApiRoute Add(
        RouteOwner owner, string methods, string template, string summary, Type? response = null, Type? request = null, string query = "",
        string? media = null, string? requestMedia = null, int status = 0, [CallerMemberName] string id = "")
    {
        ApiRoute route = new(id, methods.Split(' ', StringSplitOptions.RemoveEmptyEntries), template, summary)
        {
            Owner = owner,
            Query = query.Split(' ', StringSplitOptions.RemoveEmptyEntries),
            Request = request,
            RequestMedia = requestMedia ?? (request is null ? null : ApiRoute.Json),
            Response = response,
            ResponseMedia = media ?? (response is null ? null : ApiRoute.Json),
            Status = status != 0 ? status : response is null && media is null ? 204 : 200,
        };
        Known.Add(route);
        return route;
    }
}
