using System.Globalization;
using System.Text;
using Microsoft.Win32.SafeHandles;
using Sandbox.Agent.Commands;
using Sandbox.Linux;
using Sandbox.Protocol;

namespace Sandbox.Agent.Shells;

/// <summary>Who uses a shell and hears of it, on the event loop's thread.</summary>
internal interface IShellOwner
{
    /// <summary>The shell has finished a command.</summary>
    void OnReport(Shell shell, StatusReport report);

    /// <summary>The variables that the shell's children get, told after each report.</summary>
    void OnExports(Shell shell, Dictionary<string, string> exports);

    /// <summary>The shell has ended.</summary>
    void OnEnded(Shell shell, ExitStatus status);
}

/// <summary>One living bash. It takes commands on a pipe and reports on another; what commands print goes elsewhere, and what the shell itself says goes nowhere.</summary>
/// <remarks>Callbacks come on the event loop's thread.</remarks>
internal sealed class Shell
{
    private static readonly TimeSpan HoldLimit = TimeSpan.FromSeconds(1);
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

    /// <summary>Its process id.</summary>
    public int Id => _process.Id;

    /// <summary>Where its pipes and command texts lie; its own, gone after it ends.</summary>
    public string RuntimeDirectory { get; }

    /// <summary>Where it saves its state when it ends by itself.</summary>
    public string StateFile => Path.Combine(RuntimeDirectory, "state");

    /// <summary>How it ended; null while it lives.</summary>
    public ExitStatus? Ended { get; private set; }

    /// <summary>Starts a shell.</summary>
    /// <param name="directory">A new directory of its own.</param>
    /// <param name="launcher">What starts it.</param>
    /// <param name="loop">Where its pipes are watched.</param>
    public static Shell Start(string directory, ShellLauncher launcher, EventLoop loop, FifoOpenWatcher openWatcher)
    {
        Directory.CreateDirectory(directory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        FileDescriptor commands = FileDescriptor.CreateFifoToWrite(Path.Combine(directory, ForkServer.InputName));
        FileDescriptor reports = FileDescriptor.CreateFifoToRead(Path.Combine(directory, ForkServer.ReportName));
        Shell shell = new(directory, launcher.Start(directory), commands, reports, loop, openWatcher);
        shell.RunScript("init", ShellScripts.Initialise(shell.StateFile));
        return shell;
    }

    /// <summary>Says who hears of its reports and its end; if it has ended already, at once.</summary>
    /// <param name="newOwner">The owner.</param>
    public void GiveTo(IShellOwner newOwner)
    {
        ExitStatus? ended;
        lock (_gate)
        {
            _owner = newOwner;
            ended = Ended;
        }

        if (ended is { } status)
        {
            newOwner.OnEnded(this, status);
        }
    }

    /// <summary>Runs lines of our own in the shell, before any command that follows.</summary>
    /// <param name="name">A file name for them.</param>
    /// <param name="script">The lines.</param>
    public void RunScript(string name, string script)
    {
        string file = Path.Combine(RuntimeDirectory, name);
        File.WriteAllText(file, script);
        Send($"\\. {file} {ShellLauncher.ReportDescriptor}>&-\n");
    }

    /// <summary>Keeps a command's text where the shell can run it.</summary>
    /// <param name="text">The text.</param>
    /// <returns>The file.</returns>
    public string WriteCommand(string text)
    {
        // One file, kept open: the shell has read it whole before it runs the first line.
        string file = Path.Combine(RuntimeDirectory, "command");
        _commandFile ??= File.OpenHandle(file, FileMode.Create, FileAccess.Write, FileShare.ReadWrite);
        byte[] bytes = Encoding.UTF8.GetBytes(text + '\n');
        RandomAccess.SetLength(_commandFile, 0);
        RandomAccess.Write(_commandFile, bytes, 0);
        return file;
    }

    /// <summary>Runs a file as the next command and asks for a report, or lets the shell end with it.</summary>
    /// <param name="file">The file.</param>
    /// <param name="input">Its standard input.</param>
    /// <param name="journal">Where its output goes.</param>
    /// <param name="statusRequest">See <see cref="StatusRequest"/>; null for its last command.</param>
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

    /// <summary>Takes the last of a command's output. On the event loop's thread.</summary>
    public void FinishOutput()
    {
        bool reuse = Ended is null;
        _output = _output?.Finish(reuse) == true ? _output : null;
        _error = _error?.Finish(reuse) == true ? _error : null;
    }

    /// <summary>Asks for a report again, after an interrupt that may have swallowed the first request. The empty line ends what may be left of that one.</summary>
    /// <param name="statusRequest">See <see cref="StatusRequest"/>.</param>
    public void RequestStatus(string statusRequest) => Send("\n" + statusRequest);

    /// <summary>The line that asks for a report. The backslash keeps aliases of the name away.</summary>
    /// <param name="sequence">The number to report under.</param>
    /// <param name="returnTo">A directory to go back to first, with the previous one to remember, or null.</param>
    public static string StatusRequest(long sequence, (string Directory, string Previous)? returnTo)
    {
        string number = sequence.ToString(CultureInfo.InvariantCulture);
        return returnTo is { } place
            ? $"\\__sandbox {number} {BashQuoting.Quote(place.Directory)} {BashQuoting.Quote(place.Previous)}\n"
            : $"\\__sandbox {number}\n";
    }

    /// <summary>Everything that descends from this shell and lives.</summary>
    /// <param name="except">What is left out, with all that descends from it.</param>
    public IReadOnlyList<ProcessEntry> Descendants(IReadOnlySet<(int Id, ulong StartTime)>? except = null) =>
        Ended is null && ProcessTable.HasChildren(Id) ? ProcessTable.DescendantsOf([Id], except ?? NoExceptions) : [];

    /// <summary>Sends the shell itself a signal.</summary>
    /// <param name="signal">Which.</param>
    public void Signal(Signal signal) => _process.Send(signal);

    /// <summary>Holds it still, until CONT or KILL. What it was about to start then, it has started, or will not start before that.</summary>
    public void Hold()
    {
        _process.Send(Linux.Signal.STOP);
        AwaitHold();
    }

    // The signal is only pending when it is sent; a fork that is under way would be missed.
    private void AwaitHold() => SpinWait.SpinUntil(() => ProcessTable.Find(Id) is not { State: 'R' or 'S' or 'D' }, HoldLimit);

    /// <summary>Ends it with everything that descends from it.</summary>
    public void KillTree() => KillTrees([this]);

    /// <summary>Ends shells with everything that descends from them, all in one step.</summary>
    /// <param name="shells">The shells.</param>
    public static void KillTrees(IReadOnlyCollection<Shell> shells)
    {
        // Held still first: none must go on with the rest of a command nor leave children behind that nobody finds.
        foreach (Shell shell in shells)
        {
            shell.Signal(Linux.Signal.STOP);
        }

        foreach (Shell shell in shells)
        {
            shell.AwaitHold();
        }

        // What is killed may start something new in its last moment: until nothing is left.
        const int rounds = 20;
        for (int round = 0; round < rounds && ProcessTable.DescendantsOf([.. shells.Where(shell => shell.Ended is null).Select(shell => shell.Id)], NoExceptions) is { Count: > 0 } left; round++)
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

    /// <summary>Ends what shells that have ended left behind. Each led a session of its own, which still names its processes.</summary>
    /// <param name="shells">The shells' process ids.</param>
    public static void KillOrphans(IReadOnlySet<int> shells)
    {
        foreach (ProcessEntry orphan in ProcessTable.All().Where(process => shells.Contains(process.SessionId)))
        {
            ProcessTable.Send(orphan, Linux.Signal.KILL);
        }
    }

    /// <summary>Whether it is still the shell that was started, and has not become another program by <c>exec</c>.</summary>
    public bool IsItself => ProcessTable.CommandLineOf(Id) is { } line && ShellLauncher.IsShell(line);

    /// <summary>Lets it end by itself: it has no more commands to come. What it started in the background goes on.</summary>
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
                // The shell has just ended; its pidfd says so.
            }
        }
    }

    private void ReadReports()
    {
        Span<byte> buffer = stackalloc byte[8192];
        int count;
        while ((count = _reports.Read(buffer)) > 0)
        {
            _reader.Take(buffer[..count]);
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

        // A last report may still lie in the pipe.
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

        // Later: whoever waits for the command's end is told first.
        _loop.Post(() => Directory.Delete(RuntimeDirectory, recursive: true));
    }
}
