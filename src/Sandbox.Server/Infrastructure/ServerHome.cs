using System.Text;
using Sandbox.Linux;

namespace Sandbox.Server.Infrastructure;

/// <summary>Where the server keeps things: by effective user, moved as a whole by <c>SANDBOX_HOME</c>; each directory private to its owner and checked to be so.</summary>
/// <remarks>Below a root server, the users that sandboxes run as must pass through the state directory (0711), but can list nothing in it.</remarks>
internal sealed class ServerHome
{
    private const int LongestSocketPath = 107;
    private const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
    private const UnixFileMode Passable = Private | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;
    private const UnixFileMode WritableByOthers = UnixFileMode.GroupWrite | UnixFileMode.OtherWrite;

    private ServerHome(string state, string run, bool isRoot)
    {
        State = state;
        Run = run;
        IsRoot = isRoot;
    }

    /// <summary>Whether the server runs as root, and sandboxes therefore as users of their own.</summary>
    public bool IsRoot { get; }

    /// <summary>What lasts.</summary>
    public string State { get; }

    /// <summary>What lasts as long as the host runs: sockets.</summary>
    public string Run { get; }

    /// <summary>The server's own socket.</summary>
    public string Socket => Path.Combine(Run, "server.sock");

    /// <summary>Held by the one server of this home.</summary>
    public string LockFile => Path.Combine(State, "server.lock");

    /// <summary>The server's log.</summary>
    public string LogFile => Path.Combine(State, "server.log");

    /// <summary>What the running server said when it was ready.</summary>
    public string ReadyFile => Path.Combine(State, "server.json");

    /// <summary>The record of numbers and users given to sandboxes.</summary>
    public string NumbersFile => Path.Combine(State, "uids.json");

    /// <summary>One directory for each sandbox.</summary>
    public string Sandboxes => Path.Combine(State, "boxes");

    /// <summary>The agent's programs, by build.</summary>
    public string Programs => Path.Combine(State, "programs");

    /// <summary>The directory of one sandbox.</summary>
    /// <param name="number">Its number.</param>
    public string SandboxDirectory(int number) => Path.Combine(Sandboxes, $"{number}");

    /// <summary>The directory of one sandbox's socket.</summary>
    /// <param name="number">Its number.</param>
    public string RunDirectory(int number) => Path.Combine(Run, "boxes", $"{number}");

    /// <summary>Finds the directories, makes the missing ones, and checks them all.</summary>
    /// <exception cref="IOException">One cannot be used; the sentence names it and says what to do.</exception>
    public static ServerHome Open() => Open(Environment.GetEnvironmentVariable("SANDBOX_HOME"));

    /// <summary>Finds the directories, creates the missing ones, and checks them all.</summary>
    /// <param name="top">The directory that contains all others; where the user's rights decide when null or empty.</param>
    /// <exception cref="IOException">One cannot be used; the message names it and says what to do.</exception>
    public static ServerHome Open(string? top)
    {
        bool isRoot = CurrentProcess.EffectiveUserId == 0;
        UnixFileMode state = isRoot ? Passable : Private;
        ServerHome home = Locate(top, isRoot);
        Make(home.State, state);
        Make(home.Sandboxes, state);
        Make(home.Programs, state);
        Make(home.Run, Private);
        Make(Path.Combine(home.Run, "boxes"), Private);
        if (isRoot)
        {
            RequirePassable(home.State);
        }

        RequireShort(Path.Combine(home.RunDirectory(99_999), "agent.sock.new"));
        return home;
    }

    /// <summary>Makes a directory with exactly these permissions; an existing one must be ours.</summary>
    /// <param name="path">The directory.</param>
    /// <param name="permissions">Its permissions.</param>
    public static void Make(string path, UnixFileMode permissions)
    {
        if (!Path.Exists(path))
        {
            Directory.CreateDirectory(path, permissions);
        }

        RequireOwn(path);
        File.SetUnixFileMode(path, permissions);
    }

    private static ServerHome Locate(string? given, bool isRoot)
    {
        if (given is { Length: > 0 } moved)
        {
            if (!Path.IsPathFullyQualified(moved))
            {
                throw new IOException($"SANDBOX_HOME is '{moved}', which is no full path. Set it to one, or unset it.");
            }

            string top = Path.TrimEndingDirectorySeparator(Path.GetFullPath(moved));
            if (Path.Exists(top))
            {
                RequireOwn(top);
            }
            else
            {
                Make(top, isRoot ? Passable : Private);
            }

            return new ServerHome(Path.Combine(top, "state"), Path.Combine(top, "run"), isRoot);
        }

        if (isRoot)
        {
            return new ServerHome("/var/lib/sandbox", "/run/sandbox", isRoot);
        }

        string state = Path.Combine(UserStateDirectory(), "sandbox");
        string? runtime = Environment.GetEnvironmentVariable("XDG_RUNTIME_DIR");
        bool hasRuntime = Path.IsPathFullyQualified(runtime ?? "") && Directory.Exists(runtime) && FileOwner.Of(runtime).Owner == CurrentProcess.EffectiveUserId;
        return new ServerHome(state, hasRuntime ? Path.Combine(runtime!, "sandbox") : Path.Combine(state, "run"), isRoot);
    }

    private static string UserStateDirectory()
    {
        if (Environment.GetEnvironmentVariable("XDG_STATE_HOME") is { Length: > 0 } given && Path.IsPathFullyQualified(given))
        {
            return given;
        }

        string user = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
        return Directory.Exists(user)
            ? Path.Combine(user, ".local", "state")
            : throw new IOException($"This user has no home directory ('{user}') to keep sandboxes in. Set SANDBOX_HOME to a directory of its own.");
    }

    private static void RequireOwn(string path)
    {
        FileFacts facts = FileOwner.Of(path);
        string? fault = !facts.IsDirectory ? "is not a directory"
            : facts.Owner != CurrentProcess.EffectiveUserId ? $"belongs to user {facts.Owner}, not to user {CurrentProcess.EffectiveUserId}, who runs this"
            : (facts.Permissions & WritableByOthers) != 0 ? "can be written to by others"
            : null;
        if (fault is not null)
        {
            throw new IOException($"'{path}' {fault}, so sandboxes are not kept there. Correct that, or set SANDBOX_HOME to another directory.");
        }
    }

    private static void RequirePassable(string path)
    {
        for (string? directory = path; directory is not null; directory = Path.GetDirectoryName(directory))
        {
            if ((File.GetUnixFileMode(directory) & UnixFileMode.OtherExecute) == 0)
            {
                throw new IOException($"Sandboxes of a root server run as users of their own, who cannot pass through '{directory}'. "
                    + $"Set SANDBOX_HOME to a place that all can pass through, or run: chmod o+x '{directory}'.");
            }
        }
    }

    private static void RequireShort(string socket)
    {
        if (Encoding.UTF8.GetByteCount(socket) > LongestSocketPath)
        {
            throw new IOException($"'{socket}' is longer than the {LongestSocketPath} bytes that a Unix socket's path may have. Set SANDBOX_HOME to a shorter path.");
        }
    }
}
