using Sandbox.Linux;

namespace Sandbox.Agent.Shells;

/// <summary>Starts shells as child subreapers, to which orphaned descendants return, so that everything a command started can be found, also after setsid or a
/// double fork.
/// A second process of this program does the work, see <see cref="ForkServer"/>; when it has ended, the next shell starts another.</summary>
internal sealed class ShellLauncher(IReadOnlyList<string> commandLine, IReadOnlyDictionary<string, string> environment) : IDisposable
{
    /// <summary>The first argument with which this program starts shells.</summary>
    public const string Verb = "shells";

    /// <summary>The descriptor for a shell's reports: one that scripts seldom use. Below 10, because bash then keeps its saved copy from the command's
    /// children.</summary>
    public const int ReportDescriptor = 7;

    private const string Program = "/bin/bash";

    // Interactive, so that an interrupt ends the command and not the shell; without everything that reads or stores a user's terminal settings.
    private static readonly string[] Arguments = ["--norc", "--noprofile", "--noediting", "+o", "history", "+H", "-i"];

    private readonly Lock _gate = new();
    private Helper? _helper;

    /// <summary>The command line that runs this program again to start shells. Empty for a program that is compiled at run time: its code cannot run between
    /// fork and exec,
    /// so it starts shells without the second process, and does not find processes that forked twice.</summary>
    public static IReadOnlyList<string> OwnCommandLine => IsCompiledAtRunTime
        ? []
        : [Environment.ProcessPath ?? throw new InvalidOperationException("This process has no path."), Verb];

    // Only the host of a framework-dependent program sets this. What RuntimeFeature says about dynamic code is a setting of the build, not of its form.
    private static bool IsCompiledAtRunTime => AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES") is not null;

    /// <summary>Whether a command line is that of a shell as this class starts it.</summary>
    public static bool IsShell(IReadOnlyList<string> commandLine) => commandLine is [Program, ..] && commandLine.Skip(1).SequenceEqual(Arguments);

    /// <summary>Runs the second process: starts shells until the first process has ended.</summary>
    public static int Serve()
    {
        ForkServer.Run(Program, Arguments, ReportDescriptor);
        return 0;
    }

    public ChildProcess Start(string directory)
    {
        if (commandLine.Count == 0)
        {
            return StartWithoutHelp(directory);
        }

        lock (_gate)
        {
            _helper ??= new Helper(commandLine, environment);
            if (!_helper.TryStart(directory, out int id))
            {
                // It was killed, by sandboxed code or by the kernel's out-of-memory killer.
                _helper.Dispose();
                _helper = new Helper(commandLine, environment);
                if (!_helper.TryStart(directory, out id))
                {
                    throw new InvalidOperationException("No shell could be started.");
                }
            }

            return ChildProcess.Adopt(id);
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _helper?.Dispose();
            _helper = null;
        }
    }

    private ChildProcess StartWithoutHelp(string directory)
    {
        using FileDescriptor commands = FileDescriptor.OpenToRead(Path.Combine(directory, ForkServer.InputName));
        using FileDescriptor reports = FileDescriptor.OpenToWrite(Path.Combine(directory, ForkServer.ReportName));
        using FileDescriptor nothing = FileDescriptor.OpenNull();
        return ChildProcess.Start(new ChildProcessOptions
        {
            Path = Program,
            Arguments = Arguments,
            Environment = environment,
            Descriptors = new Dictionary<int, FileDescriptor> { [0] = commands, [1] = nothing, [2] = nothing, [ReportDescriptor] = reports },
        });
    }

    /// <summary>The second process and the pipes to it.</summary>
    private sealed class Helper : IDisposable
    {
        private readonly ChildProcess _process;
        private readonly FileDescriptor _requests;
        private readonly FileDescriptor _answers;

        public Helper(IReadOnlyList<string> commandLine, IReadOnlyDictionary<string, string> environment)
        {
            FileDescriptor.CreatePipe(out FileDescriptor requestsRead, out _requests);
            FileDescriptor.CreatePipe(out _answers, out FileDescriptor answersWrite);
            using (requestsRead)
            using (answersWrite)
            using (FileDescriptor nothing = FileDescriptor.OpenNull())
            {
                _process = ChildProcess.Start(new ChildProcessOptions
                {
                    Path = commandLine[0],
                    Arguments = [.. commandLine.Skip(1)],
                    Environment = environment,
                    Descriptors = new Dictionary<int, FileDescriptor> { [0] = requestsRead, [1] = answersWrite, [2] = nothing },
                });
            }
        }

        public bool TryStart(string directory, out int id)
        {
            Span<byte> answer = stackalloc byte[sizeof(int)];
            try
            {
                _requests.WriteAll(System.Text.Encoding.UTF8.GetBytes(directory + '\n'));
            }
            catch (System.ComponentModel.Win32Exception)
            {
                id = 0;
                return false;
            }

            int count = _answers.Read(answer);
            id = BitConverter.ToInt32(answer);
            return count == answer.Length && id > 0;
        }

        public void Dispose()
        {
            _requests.Dispose();
            _answers.Dispose();
            _process.Send(Signal.KILL);
            _process.Collect();
            _process.Dispose();
        }
    }
}
