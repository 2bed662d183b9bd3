using System.Collections.Frozen;

namespace Sandbox.Protocol;

/// <summary>Every error code of the API, and the status that belongs to it.</summary>
public static class ErrorCodes
{
    /// <summary>The request is malformed or a value in it is out of range.</summary>
    public const string InvalidRequest = "invalid_request";

    /// <summary>A session's working directory cannot be made, or one command's does not exist.</summary>
    public const string WorkingDirectoryNotFound = "working_directory_not_found";

    /// <summary>The API key is missing or wrong.</summary>
    public const string Unauthorized = "unauthorized";

    /// <summary>The <c>default</c> session of a sandbox cannot be deleted.</summary>
    public const string DefaultSessionProtected = "default_session_protected";

    /// <summary>No sandbox has this id.</summary>
    public const string SandboxNotFound = "sandbox_not_found";

    /// <summary>No session of the sandbox has this id.</summary>
    public const string SessionNotFound = "session_not_found";

    /// <summary>No command or process of the sandbox has this id.</summary>
    public const string ProcessNotFound = "process_not_found";

    /// <summary>No code context of the sandbox has this id.</summary>
    public const string ContextNotFound = "context_not_found";

    /// <summary>The terminal that was looked at before is gone.</summary>
    public const string TerminalNotFound = "terminal_not_found";

    /// <summary>The address is not part of the API.</summary>
    public const string RouteNotFound = "route_not_found";

    /// <summary>The address exists, but not with this method.</summary>
    public const string MethodNotAllowed = "method_not_allowed";

    /// <summary>A sandbox of this id exists already.</summary>
    public const string SandboxExists = "sandbox_exists";

    /// <summary>A session of this id exists already.</summary>
    public const string SessionExists = "session_exists";

    /// <summary>A command of this id exists already, and was another one.</summary>
    public const string ProcessExists = "process_exists";

    /// <summary>The process runs; what was asked needs one that has ended.</summary>
    public const string ProcessRunning = "process_running";

    /// <summary>The process has ended; what was asked needs one that runs.</summary>
    public const string ProcessEnded = "process_ended";

    /// <summary>The sandbox went down while the command ran: how it ended is not known.</summary>
    public const string ProcessLost = "process_lost";

    /// <summary>There is nothing at this path.</summary>
    public const string PathNotFound = "path_not_found";

    /// <summary>There is something at this path already.</summary>
    public const string PathExists = "path_exists";

    /// <summary>The sandbox's user may not do this with this path.</summary>
    public const string PermissionDenied = "permission_denied";

    /// <summary>There is no room for the file; what was there before is still there.</summary>
    public const string DiskFull = "disk_full";

    /// <summary>The path, or a part of it, is no directory.</summary>
    public const string NotADirectory = "not_a_directory";

    /// <summary>The path is a directory, and a file is needed.</summary>
    public const string IsADirectory = "is_a_directory";

    /// <summary>The path is a named pipe, a socket or a device, and a file is needed.</summary>
    public const string NotAFile = "not_a_file";

    /// <summary>The directory has something in it.</summary>
    public const string DirectoryNotEmpty = "directory_not_empty";

    /// <summary>The path is in use in a way that forbids this, as a mount point is.</summary>
    public const string PathBusy = "path_busy";

    /// <summary>A name is longer than 255 bytes, or a path longer than 4096.</summary>
    public const string NameTooLong = "name_too_long";

    /// <summary>Links lead in a circle.</summary>
    public const string LinkLoop = "link_loop";

    /// <summary>The file is not, or no more, what the request's condition says.</summary>
    public const string PreconditionFailed = "precondition_failed";

    /// <summary>The archive is damaged, or an entry of it would leave its destination; nothing was changed.</summary>
    public const string InvalidArchive = "invalid_archive";

    /// <summary>There is no repository at this address, or none that the caller may know of.</summary>
    public const string RepositoryNotFound = "repository_not_found";

    /// <summary>The repository has no such branch, tag or commit.</summary>
    public const string BranchNotFound = "branch_not_found";

    /// <summary>The repository's server wants a credential, or another one.</summary>
    public const string AuthenticationFailed = "authentication_failed";

    /// <summary>The repository's server cannot be reached from the sandbox.</summary>
    public const string NetworkUnreachable = "network_unreachable";

    /// <summary>The sandbox has no git.</summary>
    public const string GitNotInstalled = "git_not_installed";

    /// <summary>Git failed for another reason; the sentence says what git said.</summary>
    public const string GitFailed = "git_failed";

    /// <summary>It was given up when its time limit was over.</summary>
    public const string CommandTimedOut = "command_timed_out";

    /// <summary>The sandbox's kernel watches no more directories for this user.</summary>
    public const string WatchLimitReached = "watch_limit_reached";

    /// <summary>A code context of this id exists already.</summary>
    public const string ContextExists = "context_exists";

    /// <summary>The sandbox is stopped, and the request said that it must not be woken.</summary>
    public const string SandboxStopped = "sandbox_stopped";

    /// <summary>The session was deleted while the request waited.</summary>
    public const string SessionClosed = "session_closed";

    /// <summary>The code context was deleted while the request waited or ran.</summary>
    public const string ContextClosed = "context_closed";

    /// <summary>The request's body is larger than this route takes.</summary>
    public const string PayloadTooLarge = "payload_too_large";

    /// <summary>This engine or release cannot do what the request asks; nothing was done.</summary>
    public const string Unsupported = "unsupported";

    /// <summary>Nothing in the sandbox runs this language; the sentence names the package.</summary>
    public const string LanguageNotAvailable = "language_not_available";

    /// <summary>No program in the sandbox listens on this port.</summary>
    public const string PortNotListening = "port_not_listening";

    /// <summary>The sandbox does not answer.</summary>
    public const string SandboxUnavailable = "sandbox_unavailable";

    /// <summary>What runs a context's code could not be started.</summary>
    public const string InterpreterFailed = "interpreter_failed";

    /// <summary>This host cannot isolate a sandbox; the sentence names the remedy.</summary>
    public const string IsolationUnavailable = "isolation_unavailable";

    /// <summary>This host cannot give the network that was asked for; the sentence names the remedy.</summary>
    public const string NetworkUnavailable = "network_unavailable";

    /// <summary>A defect of the server.</summary>
    public const string InternalError = "internal_error";

    private static readonly FrozenDictionary<string, int> Statuses = new Dictionary<string, int>
    {
        [InvalidRequest] = 400,
        [WorkingDirectoryNotFound] = 400,
        [Unauthorized] = 401,
        [DefaultSessionProtected] = 403,
        [SandboxNotFound] = 404,
        [SessionNotFound] = 404,
        [ProcessNotFound] = 404,
        [NotADirectory] = 400,
        [IsADirectory] = 400,
        [NotAFile] = 400,
        [NameTooLong] = 400,
        [LinkLoop] = 400,
        [InvalidArchive] = 400,
        [PermissionDenied] = 403,
        [AuthenticationFailed] = 403,
        [PathNotFound] = 404,
        [ContextNotFound] = 404,
        [TerminalNotFound] = 404,
        [RepositoryNotFound] = 404,
        [BranchNotFound] = 404,
        [RouteNotFound] = 404,
        [MethodNotAllowed] = 405,
        [SandboxExists] = 409,
        [SessionExists] = 409,
        [ProcessExists] = 409,
        [ContextExists] = 409,
        [ProcessRunning] = 409,
        [ProcessEnded] = 409,
        [ProcessLost] = 410,
        [PathExists] = 409,
        [DirectoryNotEmpty] = 409,
        [PathBusy] = 409,
        [SandboxStopped] = 409,
        [SessionClosed] = 410,
        [ContextClosed] = 410,
        [PreconditionFailed] = 412,
        [PayloadTooLarge] = 413,
        [GitFailed] = 422,
        [InternalError] = 500,
        [Unsupported] = 501,
        [LanguageNotAvailable] = 501,
        [PortNotListening] = 502,
        [SandboxUnavailable] = 502,
        [InterpreterFailed] = 502,
        [GitNotInstalled] = 501,
        [NetworkUnreachable] = 502,
        [IsolationUnavailable] = 503,
        [NetworkUnavailable] = 503,
        [WatchLimitReached] = 503,
        [CommandTimedOut] = 504,
        [DiskFull] = 507,
    }.ToFrozenDictionary();

    /// <summary>All codes, for documents and tests.</summary>
    public static IEnumerable<string> All => Statuses.Keys;

    /// <summary>The status that goes with a code; 500 for a code this release does not know.</summary>
    /// <param name="code">The code.</param>
    public static int StatusOf(string code) => Statuses.TryGetValue(code, out int status) ? status : 500;
}
