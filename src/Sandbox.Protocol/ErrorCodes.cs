using System.Collections.Frozen;

namespace Sandbox.Protocol;

/// <summary>The error codes of the API, and the one table of what belongs to each.</summary>
public static class ErrorCodes
{
    /// <summary>The request is malformed or a value in it is out of range.</summary>
    public const string InvalidRequest = "invalid_request";

    /// <summary>A session's working directory cannot be created, or a command's does not exist.</summary>
    public const string WorkingDirectoryNotFound = "working_directory_not_found";

    /// <summary>The API key is missing or wrong.</summary>
    public const string Unauthorized = "unauthorized";

    /// <summary>The <c>default</c> session of a sandbox cannot be deleted.</summary>
    public const string DefaultSessionProtected = "default_session_protected";

#pragma warning disable CS1591 // The names say it.
    public const string SandboxNotFound = "sandbox_not_found";
    public const string SessionNotFound = "session_not_found";
    public const string ProcessNotFound = "process_not_found";
    public const string ContextNotFound = "context_not_found";
    public const string SandboxExists = "sandbox_exists";
    public const string SessionExists = "session_exists";
    public const string ContextExists = "context_exists";
    public const string PathNotFound = "path_not_found";
    public const string PathExists = "path_exists";
    public const string NotADirectory = "not_a_directory";
    public const string IsADirectory = "is_a_directory";
    public const string DirectoryNotEmpty = "directory_not_empty";
    public const string BranchNotFound = "branch_not_found";
    public const string GitNotInstalled = "git_not_installed";
    public const string CommandTimedOut = "command_timed_out";
    public const string PayloadTooLarge = "payload_too_large";
    public const string PortNotListening = "port_not_listening";
#pragma warning restore CS1591

    /// <summary>The terminal to re-attach to is gone.</summary>
    public const string TerminalNotFound = "terminal_not_found";

    /// <summary>The address is not part of the API.</summary>
    public const string RouteNotFound = "route_not_found";

    /// <summary>The address exists, but not with this method.</summary>
    public const string MethodNotAllowed = "method_not_allowed";

    /// <summary>Another command has this id.</summary>
    public const string ProcessExists = "process_exists";

    /// <summary>The operation needs a process that has ended.</summary>
    public const string ProcessRunning = "process_running";

    /// <summary>The operation needs a process that is running.</summary>
    public const string ProcessEnded = "process_ended";

    /// <summary>The sandbox went down while the command ran: how it ended is not known.</summary>
    public const string ProcessLost = "process_lost";

    /// <summary>The sandbox's user has no permission for this path.</summary>
    public const string PermissionDenied = "permission_denied";

    /// <summary>No space is left for the file; its previous content is unchanged.</summary>
    public const string DiskFull = "disk_full";

    /// <summary>The path is a named pipe, a socket or a device, not a file.</summary>
    public const string NotAFile = "not_a_file";

    /// <summary>The path is in use, as a mount point is.</summary>
    public const string PathBusy = "path_busy";

    /// <summary>A name is longer than 255 bytes, or a path longer than 4095.</summary>
    public const string NameTooLong = "name_too_long";

    /// <summary>Symbolic links form a loop.</summary>
    public const string LinkLoop = "link_loop";

    /// <summary>The file does not have the version that the request requires.</summary>
    public const string PreconditionFailed = "precondition_failed";

    /// <summary>The archive is damaged, or an entry of it would leave its destination; nothing was changed.</summary>
    public const string InvalidArchive = "invalid_archive";

    /// <summary>A sandbox gave a name that as a path would lead to another directory; nothing was changed.</summary>
    public const string UnsafeName = "unsafe_name";

    /// <summary>The repository does not exist, or the user has no access to it.</summary>
    public const string RepositoryNotFound = "repository_not_found";

    /// <summary>The repository's server requires valid credentials.</summary>
    public const string AuthenticationFailed = "authentication_failed";

    /// <summary>The repository's server cannot be reached from the sandbox.</summary>
    public const string NetworkUnreachable = "network_unreachable";

    /// <summary>Git failed for another reason; the message contains git's own.</summary>
    public const string GitFailed = "git_failed";

    /// <summary>The sandbox's kernel watches no more directories for this user.</summary>
    public const string WatchLimitReached = "watch_limit_reached";

    /// <summary>The sandbox is stopped, and the request does not start it.</summary>
    public const string SandboxStopped = "sandbox_stopped";

    /// <summary>The session was deleted while the request waited.</summary>
    public const string SessionClosed = "session_closed";

    /// <summary>The code context was deleted while the request waited or ran.</summary>
    public const string ContextClosed = "context_closed";

    /// <summary>The engine or this release cannot do what the request asks; nothing was done.</summary>
    public const string Unsupported = "unsupported";

    /// <summary>No interpreter of the language is installed in the sandbox; the message names the package.</summary>
    public const string LanguageNotAvailable = "language_not_available";

    /// <summary>The sandbox does not respond.</summary>
    public const string SandboxUnavailable = "sandbox_unavailable";

    /// <summary>The interpreter of a code context could not be started.</summary>
    public const string InterpreterFailed = "interpreter_failed";

    /// <summary>This host cannot isolate a sandbox; the message names the remedy.</summary>
    public const string IsolationUnavailable = "isolation_unavailable";

    /// <summary>This host cannot provide the requested network; the message names the remedy.</summary>
    public const string NetworkUnavailable = "network_unavailable";

    /// <summary>The environment variables of a sandbox or session are larger together than what is kept.</summary>
    public const string EnvironmentTooLarge = "environment_too_large";

    /// <summary>A response is larger than what a client collects in memory. Clients alone report it.</summary>
    public const string ResponseTooLarge = "response_too_large";

    /// <summary>Several items cannot be copied to a path that is no directory. Clients alone report it.</summary>
    public const string DestinationNotDirectory = "destination_not_directory";

    /// <summary>An error of the server itself.</summary>
    public const string InternalError = "internal_error";

    /// <summary>The program of the local server is missing. Clients alone report it.</summary>
    public const string ServerNotInstalled = "server_not_installed";

    /// <summary>The local server did not start and reported no code of its own. Clients alone report it.</summary>
    public const string ServerStartFailed = "server_start_failed";

    /// <summary>Another user's process listens at the server's socket. Clients alone report it.</summary>
    public const string ServerNotTrusted = "server_not_trusted";

    private static readonly FrozenDictionary<string, ErrorKind> Table = new ErrorKind[]
    {
        new(InvalidRequest, 400, "InvalidArgument", null),
        new(WorkingDirectoryNotFound, 400, "ObjectNotFound", "Create the directory, or choose another one with -WorkingDirectory."),
        new(NotADirectory, 400, "InvalidType", null),
        new(IsADirectory, 400, "InvalidType", null),
        new(NotAFile, 400, "InvalidType", null),
        new(NameTooLong, 400, "InvalidArgument", "Choose a shorter name."),
        new(LinkLoop, 400, "InvalidArgument", "Remove or correct the link."),
        new(UnsafeName, 502, "SecurityError", null),
        new(InvalidArchive, 400, "InvalidData", "Create the archive again, for example with Backup-Sandbox."),
        new(Unauthorized, 401, "AuthenticationError", "Specify the server's key with Connect-SandboxServer -ApiKey or the variable SANDBOX_API_KEY."),
        new(DefaultSessionProtected, 403, "PermissionDenied", "Remove the whole sandbox with Remove-Sandbox."),
        new(PermissionDenied, 403, "PermissionDenied", "Check the owner and the permissions of the path with Get-SandboxItem."),
        new(AuthenticationFailed, 403, "AuthenticationError", "Specify a user name and a password or token with -Credential."),
        new(SandboxNotFound, 404, "ObjectNotFound", "List the sandboxes with Get-Sandbox."),
        new(SessionNotFound, 404, "ObjectNotFound", "List the sessions with Get-SandboxSession."),
        new(ProcessNotFound, 404, "ObjectNotFound", "List the processes with Get-SandboxProcess."),
        new(ContextNotFound, 404, "ObjectNotFound", "List the code contexts with Get-SandboxCodeContext."),
        new(TerminalNotFound, 404, "ObjectNotFound", "Run Enter-SandboxSession to start a new terminal."),
        new(PathNotFound, 404, "ObjectNotFound", "Check the path. In a sandbox, a relative path starts at the working directory of the session."),
        new(RepositoryNotFound, 404, "ObjectNotFound", "Check the address. For a private repository specify -Credential."),
        new(BranchNotFound, 404, "ObjectNotFound", "Check the name of the branch, tag or commit."),
        new(RouteNotFound, 404, "NotImplemented", "Check the address of the server, and use a server and a module of the same version."),
        new(MethodNotAllowed, 405, "NotImplemented", "Use a server and a module of the same version."),
        new(SandboxExists, 409, "ResourceExists", "Choose another id, or use the existing sandbox: Get-Sandbox."),
        new(SessionExists, 409, "ResourceExists", "Choose another id, or use the existing session: Get-SandboxSession."),
        new(ProcessExists, 409, "ResourceExists", "Choose another id."),
        new(ContextExists, 409, "ResourceExists", "Choose another id, or use the existing context: Get-SandboxCodeContext."),
        new(ProcessRunning, 409, "InvalidOperation", "Stop the process with Stop-SandboxProcess."),
        new(ProcessEnded, 409, "InvalidOperation", "Read its output with Get-SandboxProcessOutput."),
        new(PathExists, 409, "ResourceExists", "Choose another path, or remove the existing item with Remove-SandboxItem."),
        new(DirectoryNotEmpty, 409, "ResourceExists", "Remove the directory with its content: Remove-SandboxItem -Recurse."),
        new(PathBusy, 409, "ResourceBusy", "Stop the program that uses the path."),
        new(SandboxStopped, 409, "ResourceUnavailable", "Run a command in the sandbox to start it again."),
        new(ProcessLost, 410, "ResourceUnavailable", "Check what it has done before you run it again."),
        new(SessionClosed, 410, "ResourceUnavailable", "Create another session with New-SandboxSession."),
        new(ContextClosed, 410, "ResourceUnavailable", "Create another context with New-SandboxCodeContext."),
        new(PreconditionFailed, 412, "InvalidOperation", "Read the file again, then repeat the change."),
        new(PayloadTooLarge, 413, "LimitsExceeded", "Send less at once, or write the data to a file with Copy-SandboxItem."),
        new(EnvironmentTooLarge, 413, "LimitsExceeded", "Unset large variables, or write their values to files."),
        new(GitFailed, 422, "InvalidResult", null),
        new(InternalError, 500, "ResourceUnavailable", "See the log of the server."),
        new(Unsupported, 501, "NotImplemented", null),
        new(LanguageNotAvailable, 501, "NotInstalled", null),
        new(GitNotInstalled, 501, "NotInstalled", null),
        new(PortNotListening, 502, "ResourceUnavailable", "Start the program, and wait for it with Wait-SandboxProcess -Port."),
        new(SandboxUnavailable, 502, "ResourceUnavailable", "Try again. If that does not help, run Stop-Sandbox: the next command starts the sandbox again."),
        new(InterpreterFailed, 502, "ResourceUnavailable", "Run the interpreter with Invoke-SandboxCommand to see why."),
        new(NetworkUnreachable, 502, "ConnectionError", "Check the address, and the network of the sandbox with Get-Sandbox."),
        new(ResponseTooLarge, 502, "LimitsExceeded", "Ask for less at once, or write the data to a file in the sandbox and fetch it with Copy-SandboxItem."),
        new(DestinationNotDirectory, 400, "InvalidArgument", "Create the directory first, or use -Force, which creates it."),
        new(IsolationUnavailable, 503, "ResourceUnavailable", "List what this host provides with Test-SandboxServer."),
        new(NetworkUnavailable, 503, "ResourceUnavailable", "Choose another network with -Network, or list what this host provides with Test-SandboxServer."),
        new(WatchLimitReached, 503, "LimitsExceeded", null),
        new(ServerNotInstalled, 503, "NotInstalled", "Install the module again, or use another server: Connect-SandboxServer -Uri."),
        new(ServerStartFailed, 503, "ResourceUnavailable", null),
        new(ServerNotTrusted, 503, "SecurityError",
            "Check who owns the socket and its directory. Set SANDBOX_HOME to a directory of your own, or connect to another server."),
        new(CommandTimedOut, 504, "OperationTimeout", "Allow more time with -TimeoutSeconds."),
        new(DiskFull, 507, "LimitsExceeded", "Remove files that are no longer needed."),
    }.ToFrozenDictionary(kind => kind.Code);

    /// <summary>All errors, for documents and tests.</summary>
    public static IEnumerable<ErrorKind> All => Table.Values;

    /// <summary>Returns what belongs to a code. One that this release does not know, as a newer server may send, has the category of its status.</summary>
    /// <param name="code">The code.</param>
    /// <param name="status">The status it came with.</param>
    public static ErrorKind Find(string code, int status = 500) => Table.GetValueOrDefault(code) ?? new(code, status, status switch
    {
        404 => "ObjectNotFound",
        409 => "ResourceExists",
        429 => "QuotaExceeded",
        >= 400 and < 500 => "InvalidOperation",
        _ => "ResourceUnavailable",
    }, null);

    /// <summary>Returns the code for a response that has none, as one of a proxy.</summary>
    /// <param name="status">The status.</param>
    public static string FromStatus(int status) => status switch
    {
        401 or 403 => Unauthorized,
        404 => RouteNotFound,
        405 => MethodNotAllowed,
        413 => PayloadTooLarge,
        501 => Unsupported,
        502 or 503 or 504 => SandboxUnavailable,
        >= 400 and < 500 => InvalidRequest,
        _ => InternalError,
    };
}
