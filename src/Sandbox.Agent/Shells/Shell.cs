using System.Globalization;
using System.Text;
using Microsoft.Win32.SafeHandles;
using Sandbox.Agent.Commands;
using Sandbox.Linux;
using Sandbox.Protocol;

namespace Sandbox.Agent.Shells;

/// <summary>Receives the reports of a shell, on the event loop's thread.</summary>
internal interface IShellOwner
{
    /// <summary>The shell has finished a command.</summary>
    void OnReport(Shell shell, StatusReport report);

    /// <summary>The exported variables, after each report; null when they are too large.</summary>
    void OnExports(Shell shell, Dictionary<string, string>? exports);

    /// <summary>The shell has ended.</summary>
    void OnEnded(Shell shell, ExitStatus status);
}

/// <summary>A bash process. It reads commands from one FIFO and reports on another; commands print to their own, and the shell's own messages are
/// discarded.</summary>
/// <remarks>Callbacks come on the event loop's thread.</remarks>
internal sealed class Shell
{
    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(1);
    private static readonly IReadOnlySet<(int, ulong)> NoExceptions = new HashSet<(int, ulong)>();

    private readonly ChildProcess _process;
    private readonly FileDescriptor _commands;
    private readonly FileDescriptor _reports;
    private readonly StatusReportReader _reader;
    private readonly EventLoop.Watch _reportWatch;
    private readonly EventLoop.Watch _endWatch;
    private readonly Lock _gate = new();
    private readonly EventLoop _loop;
    private readonly FifoOpenWatcher _openWatcher;
    private SafeFileHandle? _commandFile;
    private OutputPipe? _output;
    private OutputPipe? _error;
    private IShellOwner? _owner;
    private bool _commandsClosed;

    private string StateFile => Path.Combine(RuntimeDirectory, "state");

    private string PredecessorState => Path.Combine(RuntimeDirectory, "restore");

    private string EnterScript => Path.Combine(RuntimeDirectory, "enter");

    private string EnteredMark => Path.Combine(RuntimeDirectory, "entered");

    private Shell(string directory, ChildProcess process, FileDescriptor commands, FileDescriptor reports, EventLoop loop, FifoOpenWatcher openWatcher)
    {
        _openWatcher = openWatcher;
        RuntimeDirectory = directory;
        _process = process;
        _loop = loop;
        _commands = commands;
        _reports = reports;
        _reader = new StatusReportReader(report => _owner?.OnReport(this, report), exports => _owner?.OnExports(this, exports));
        _reportWatch = loop.Add(reports, ReadReports);
        _endWatch = loop.Add(process.Handle, Collect);
    }

    public int Id => _process.Id;

    /// <summary>The directory of its FIFOs and command texts, which is deleted when it ends.</summary>
    public string RuntimeDirectory { get; }

    /// <summary>The file with the state of the session: saved when the shell exited by itself, or handed over by its predecessor and not taken yet; null
    /// without one.</summary>
    public string? SavedState => File.Exists(StateFile) ? StateFile : !HasEntered && File.Exists(PredecessorState) ? PredecessorState : null;

    /// <summary>Whether it has run the script of <see cref="Enter"/>. One that was killed before has run nothing of its owner.</summary>
    /// <remarks>Where the script is gone, code has run that removed it, and perhaps the mark as well.</remarks>
    public bool HasEntered => File.Exists(EnteredMark) || !File.Exists(EnterScript);

    /// <summary>How it ended; null while it runs.</summary>
    public ExitStatus? Ended { get; private set; }

    public static Shell Start(string directory, ShellLauncher launcher, EventLoop loop, FifoOpenWatcher openWatcher)
    {
        Directory.CreateDirectory(directory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        FileDescriptor commands = FileDescriptor.CreateFifoToWrite(Path.Combine(directory, ForkServer.InputName));
        FileDescriptor reports = FileDescriptor.CreateFifoToRead(Path.Combine(directory, ForkServer.ReportName));
        Shell shell = new(directory, launcher.Start(directory), commands, reports, loop, openWatcher);
        shell.RunScript(Path.Combine(directory, "init"), ShellScripts.Initialise(shell.StateFile));
        return shell;
    }

    /// <summary>Sets the owner, unless the shell has ended already.</summary>
    public bool TrySetOwner(IShellOwner newOwner)
    {
        lock (_gate)
        {
            _owner = Ended is null ? newOwner : null;
            return Ended is null;
        }
    }

    /// <summary>Runs a script that prepares the shell for its owner's commands.</summary>
    public void Enter(string script) => RunScript(EnterScript, $"{script}builtin : >{BashQuoting.Quote(EnteredMark)}\n");

    /// <summary>Enters the state that its predecessor saved.</summary>
    /// <param name="savedState">The file, which is moved.</param>
    public void EnterSaved(string savedState)
    {
        File.Move(savedState, PredecessorState);
        Enter(ShellScripts.Restore(PredecessorState));
    }

    private void RunScript(string file, string script)
    {
        File.WriteAllText(file, script);
        Send($"\\. {file} {ShellLauncher.ReportDescriptor}>&-\n");
    }

    /// <summary>Writes a command's text to a file.</summary>
    /// <returns>The file's path.</returns>
    public string WriteCommand(string text)
    {
        // One file that stays open: the shell reads it as a whole before it runs the first line.
        string file = Path.Combine(RuntimeDirectory, "command");
        _commandFile ??= File.OpenHandle(file, FileMode.Create, FileAccess.Write, FileShare.ReadWrite);
        byte[] bytes = Encoding.UTF8.GetBytes(text + '\n');
        RandomAccess.SetLength(_commandFile, 0);
        RandomAccess.Write(_commandFile, bytes, 0);
        return file;
    }

    /// <summary>Runs a file as the next command and requests a report, or lets the shell end with it.</summary>
    /// <param name="statusRequest">See <see cref="StatusRequest"/>; null for the last command.</param>
    public void Run(string file, string input, OutputLog journal, string? statusRequest)
    {
        _output ??= new OutputPipe(Path.Combine(RuntimeDirectory, "out"), FrameKind.StandardOutput, _loop);
        _error ??= new OutputPipe(Path.Combine(RuntimeDirectory, "err"), FrameKind.StandardError, _loop);
        _output.Start(journal);
        _error.Start(journal);
        Send($"\\. {file} 0<{input} 1>{_output.Path} 2>{_error.Path} {ShellLauncher.ReportDescriptor}>&-\n{statusRequest}");
        if (statusRequest is null)
        {
            CloseInput();
        }
    }

    /// <summary>Creates the FIFO from which the next command reads what it is sent while it runs.</summary>
    public void OpenInput(CommandInput input, string path) => input.Open(path, _loop, _openWatcher);

    /// <summary>Reads the last output of a command. On the event loop's thread.</summary>
    public void FinishOutput()
    {
        bool reuse = Ended is null;
        _output = _output?.Finish(reuse) == true ? _output : null;
        _error = _error?.Finish(reuse) == true ? _error : null;
    }

    /// <summary>Requests a report again, after an interrupt that may have discarded the first request. The empty line ends what may be left of that
    /// one.</summary>
    /// <param name="statusRequest">See <see cref="StatusRequest"/>.</param>
    public void RequestStatus(string statusRequest) => Send("\n" + statusRequest);

    /// <summary>Creates the line that requests a report. The backslash bypasses aliases of the name.</summary>
    /// <param name="returnTo">The directory to return to first, and its predecessor for <c>cd -</c>; null to stay.</param>
    public static string StatusRequest(long sequence, (string Directory, string Previous)? returnTo)
    {
        string number = sequence.ToString(CultureInfo.InvariantCulture);
        return returnTo is { } place
            ? $"\\__sandbox {number} {BashQuoting.Quote(place.Directory)} {BashQuoting.Quote(place.Previous)}\n"
            : $"\\__sandbox {number}\n";
    }

    /// <summary>Gets all living descendants of this shell.</summary>
    public IReadOnlyList<ProcessEntry> Descendants(IReadOnlySet<(int Id, ulong StartTime)>? except = null) =>
        Ended is null && ProcessTable.HasChildren(Id) ? ProcessTable.DescendantsOf([Id], except ?? NoExceptions) : [];

    /// <summary>Sends a signal to the shell itself.</summary>
    public void Signal(Signal signal) => _process.Send(signal);

    /// <summary>Stops it until CONT or KILL. When this returns, a fork in progress has completed.</summary>
    public void Suspend()
    {
        _process.Send(Linux.Signal.STOP);
        WaitUntilStopped();
    }

    // The signal is only pending when it is sent; a fork in progress would be missed.
    private void WaitUntilStopped() => SpinWait.SpinUntil(() => ProcessTable.Find(Id) is not { State: 'R' or 'S' or 'D' }, StopLimit);

    /// <summary>Kills it with all its descendants.</summary>
    public void KillTree() => KillTrees([this]);

    /// <summary>Kills shells with all their descendants in one step.</summary>
    public static void KillTrees(IReadOnlyCollection<Shell> shells)
    {
        // Stopped first: none may continue its command or leave children behind that cannot be found.
        foreach (Shell shell in shells)
        {
            shell.Signal(Linux.Signal.STOP);
        }

        foreach (Shell shell in shells)
        {
            shell.WaitUntilStopped();
        }

        // A process may start another in its last moment: repeated until none is left.
        const int rounds = 20;
        for (int round = 0;
            round < rounds
                && ProcessTable.DescendantsOf([.. shells.Where(shell => shell.Ended is null).Select(shell => shell.Id)], NoExceptions) is { Count: > 0 } left;
            round++)
        {
            foreach (ProcessEntry descendant in left)
            {
                ProcessTable.Send(descendant, Linux.Signal.KILL);
            }
        }

        foreach (Shell shell in shells)
        {
            shell.Signal(Linux.Signal.KILL);
        }
    }

    /// <summary>Kills what shells that have ended left behind. Each led a session of its own, which its processes still belong to.</summary>
    public static void KillOrphans(IReadOnlySet<int> shells)
    {
        foreach (ProcessEntry orphan in ProcessTable.All().Where(process => shells.Contains(process.SessionId)))
        {
            ProcessTable.Send(orphan, Linux.Signal.KILL);
        }
    }

    /// <summary>Whether it has not become another program by <c>exec</c>.</summary>
    public bool IsItself => ProcessTable.CommandLineOf(Id) is { } line && ShellLauncher.IsShell(line);

    /// <summary>Lets it exit: no more commands follow. Its background processes continue.</summary>
    public void CloseInput()
    {
        lock (_gate)
        {
            if (!_commandsClosed)
            {
                _commandsClosed = true;
                _commands.Dispose();
            }
        }
    }

    private void Send(string text)
    {
        lock (_gate)
        {
            if (_commandsClosed || Ended is not null)
            {
                return;
            }

            try
            {
                _commands.WriteAll(Encoding.UTF8.GetBytes(text));
            }
            catch (System.ComponentModel.Win32Exception)
            {
                // The shell has just ended; its pidfd reports that.
            }
        }
    }

    private void ReadReports()
    {
        Span<byte> buffer = stackalloc byte[8192];
        int count;
        while ((count = _reports.Read(buffer)) > 0)
        {
            _reader.Parse(buffer[..count]);
        }

        if (count == 0)
        {
            _reportWatch.Dispose();
        }
    }

    private void Collect()
    {
        if (_process.TryWait() is not { } status)
        {
            return;
        }

        // A last report may still be in the pipe.
        ReadReports();
        _reportWatch.Dispose();
        _endWatch.Dispose();
        _reports.Dispose();
        CloseInput();
        IShellOwner? listener;
        lock (_gate)
        {
            Ended = status;
            listener = _owner;
        }

        _process.Dispose();
        _commandFile?.Dispose();
        FinishOutput();
        listener?.OnEnded(this, status);

        // Posted, so that whoever waits for the command's end is notified first.
        _loop.Post(() => Directory.Delete(RuntimeDirectory, recursive: true));
    }
}
