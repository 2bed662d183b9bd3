using System.Text;
using Sandbox.Linux;

namespace Sandbox.Server.Infrastructure;

/// <summary>The server's directories. They depend on the effective user; <c>SANDBOX_HOME</c> moves them all. Each must be private to its owner.</summary>
/// <remarks>The users of a root server's sandboxes can traverse the state directory (0711) but not list it.</remarks>
internal sealed class ServerHome
{
    /// <summary>The environment variable that moves the home.</summary>
    public const string Variable = "SANDBOX_HOME";

    /// <summary>The maximum number of sandboxes in a home.</summary>
    public const int MaxSandboxes = 16_384;

    private const int MaxSocketPathLength = 107;
    private const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
    private const UnixFileMode Passable = Private | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;
    private const UnixFileMode WritableByOthers = UnixFileMode.GroupWrite | UnixFileMode.OtherWrite;

    private ServerHome(string state, string run, bool isRoot)
    {
        State = state;
        Run = run;
        IsRoot = isRoot;
    }

    /// <summary>Gets whether the server runs as root, so that sandboxes run as users of their own.</summary>
    public bool IsRoot { get; }

    /// <summary>Gets the directory for everything that must survive a restart of the host.</summary>
    public string State { get; }

    /// <summary>Gets the directory for sockets.</summary>
    public string Run { get; }

    public string Socket => Path.Combine(Run, "server.sock");

    /// <summary>Gets the file that the running server locks.</summary>
    public string LockFile => Path.Combine(State, "server.lock");

    public string LogFile => Path.Combine(State, "server.log");

    /// <summary>Gets the file with the running server's ready message.</summary>
    public string ReadyFile => Path.Combine(State, "server.json");

    /// <summary>Gets the file with the next sandbox number.</summary>
    public string NumbersFile => Path.Combine(State, "numbers.json");

    /// <summary>Gets the file with the range of users for sandboxes.</summary>
    public string UidsFile => Path.Combine(State, "uids.json");

    /// <summary>Gets the parent of the sandboxes' directories. The name is that of all versions, so that each finds the sandboxes of the others.</summary>
    public string Sandboxes => Path.Combine(State, "boxes");

    /// <summary>Gets the directory of the copy of the host's list of name servers.</summary>
    public string NameServers => Path.Combine(State, "resolver");

    /// <summary>Gets the parent of the installed agents' directories.</summary>
    public string Programs => Path.Combine(State, "programs");

    private string SandboxRuns => Path.Combine(Run, "boxes");

    /// <summary>Returns the directories of one sandbox.</summary>
    public SandboxDirectories DirectoriesOf(int number) => new(number, Path.Combine(Sandboxes, $"{number}"), Path.Combine(SandboxRuns, $"{number}"));

    /// <summary>Finds the directories, creates missing ones, and checks them all.</summary>
    /// <param name="moved">The value of <see cref="Variable"/>.</param>
    /// <exception cref="IOException">One cannot be used; the message names it and says what to do.</exception>
    public static ServerHome Open(string? moved)
    {
        bool isRoot = CurrentProcess.EffectiveUserId == 0;
        UnixFileMode state = isRoot ? Passable : Private;
        ServerHome home = Locate(moved, isRoot);
        RequireTrustedParents(home.State);
        RequireTrustedParents(home.Run);
        Make(home.State, state);
        Make(home.Sandboxes, state);
        Make(home.Programs, state);
        Make(home.Run, Private);
        Make(home.SandboxRuns, Private);
        if (isRoot)
        {
            RequirePassable(home.State);
        }

        RequireShort(Path.Combine(home.DirectoriesOf(99_999).Run, "agent.sock.new"));
        return home;
    }

    /// <summary>Creates a directory with exactly these permissions; an existing one must belong to this user.</summary>
    public static void Make(string path, UnixFileMode permissions)
    {
        if (!Path.Exists(path))
        {
            Directory.CreateDirectory(path, permissions);
        }

        RequireOwn(path);
        File.SetUnixFileMode(path, permissions);
    }

    private static ServerHome Locate(string? moved, bool isRoot)
    {
        if (!string.IsNullOrEmpty(moved))
        {
            if (!Path.IsPathFullyQualified(moved))
            {
                throw new IOException($"SANDBOX_HOME is '{moved}', which is not a full path. Set it to one, or unset it.");
            }

            string top = Path.TrimEndingDirectorySeparator(Path.GetFullPath(moved));
            RequireTrustedParents(top);
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
        bool hasRuntime = Path.IsPathFullyQualified(runtime ?? "") && Directory.Exists(runtime)
            && FileStatus.Of(runtime).Owner == CurrentProcess.EffectiveUserId;
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
            : throw new IOException($"This user has no home directory ('{user}') to keep sandboxes in. Set SANDBOX_HOME to a directory.");
    }

    private static void RequireOwn(string path)
    {
        FileStatus status = FileStatus.Of(path);
        string? fault = status.Type != FileType.Directory ? "is not a directory"
            : status.Owner != CurrentProcess.EffectiveUserId ? $"belongs to user {status.Owner}, not to the current user {CurrentProcess.EffectiveUserId}"
            : (status.Permissions & WritableByOthers) != 0 ? "can be written to by others"
            : null;
        if (fault is not null)
        {
            throw new IOException($"'{path}' {fault}, so it cannot be used for sandboxes. Correct that, or set SANDBOX_HOME to another directory.");
        }
    }

    // As sshd's StrictModes: who can rename a parent can put other files in the place of the server's.
    private static void RequireTrustedParents(string path)
    {
        string existing = path;
        while (!Path.Exists(existing))
        {
            existing = Path.GetDirectoryName(existing)!;
        }

        LinuxPath real = FileSystem.Resolve(new LinuxPath(Encoding.UTF8.GetBytes(existing)));
        for (string? directory = real.ToString(); directory is not null; directory = Path.GetDirectoryName(directory))
        {
            FileStatus facts = FileStatus.Of(directory);
            uint user = CurrentProcess.EffectiveUserId;
            bool isSticky = (facts.Permissions & UnixFileMode.StickyBit) != 0;

            // A user's own group, of the same number, has no other members by convention.
            bool isWritable = (facts.Permissions & UnixFileMode.OtherWrite) != 0
                || ((facts.Permissions & UnixFileMode.GroupWrite) != 0 && (facts.Group != user));
            string? fault = facts.Owner is not 0 && facts.Owner != user ? $"belongs to user {facts.Owner}"
                : isWritable && !isSticky ? "can be written to by others"
                : null;
            if (fault is not null)
            {
                throw new IOException($"'{directory}' {fault}, who could replace what is below it, so '{path}' cannot be used for sandboxes. "
                    + "Correct that, or set SANDBOX_HOME to another directory.");
            }
        }
    }

    private static void RequirePassable(string path)
    {
        for (string? directory = path; directory is not null; directory = Path.GetDirectoryName(directory))
        {
            if ((File.GetUnixFileMode(directory) & UnixFileMode.OtherExecute) == 0)
            {
                throw new IOException($"Sandboxes of a root server run as other users, which cannot pass through '{directory}'. "
                    + $"Set SANDBOX_HOME to a directory that all users can pass through, or run: chmod o+x '{directory}'.");
            }
        }
    }

    private static void RequireShort(string socket)
    {
        if (Encoding.UTF8.GetByteCount(socket) > MaxSocketPathLength)
        {
            throw new IOException($"'{socket}' exceeds the {MaxSocketPathLength} bytes of a Unix socket's path. Set SANDBOX_HOME to a shorter path.");
        }
    }
}
