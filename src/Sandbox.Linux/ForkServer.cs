using System.Runtime.InteropServices;
using System.Text;

namespace Sandbox.Linux;

/// <summary>Starts instances of one program as children of the requesting process and as subreapers of their descendants (prctl(2), PR_SET_CHILD_SUBREAPER).
/// That needs code between fork and exec, which posix_spawn(3) does not run and which is not safe in a process with many threads.</summary>
/// <remarks>So it runs in a process of its own with one active thread. It allocates nothing while it serves, so no garbage collection can be running when it
/// forks.</remarks>
public static unsafe class ForkServer
{
    /// <summary>The name of the FIFO, in the directory of a request, that the program gets as standard input.</summary>
    public const string InputName = "commands";

    /// <summary>The name of the FIFO that the program gets as an extra descriptor for writing.</summary>
    public const string ReportName = "reports";

    private const int LongestPath = 4096;

    // Any number above those that the program gets.
    private const int Aside = 64;

    /// <summary>Serves until standard input ends. Each line is a directory; the answer on standard output is the new process's id, four bytes in the machine's
    /// order.
    /// The program gets the directory's two FIFOs, and <c>/dev/null</c> for its output.</summary>
    /// <param name="arguments">The arguments, without the program's name.</param>
    /// <param name="reportDescriptor">The number of the second FIFO in the program: 3 to 9.</param>
    public static void Run(string program, IEnumerable<string> arguments, int reportDescriptor)
    {
        byte** argv = NativeList([program, .. arguments]);
        byte* path = argv[0];
        byte* inputPath = stackalloc byte[LongestPath];
        byte* reportPath = stackalloc byte[LongestPath];
        byte* nothing = Native("/dev/null");
        byte* inputName = Native("/" + InputName);
        byte* reportName = Native("/" + ReportName);
        ResetSignals();
        int length;
        while ((length = ReadLine(inputPath, LongestPath - Math.Max(InputName.Length, ReportName.Length) - 2)) >= 0)
        {
            Copy(inputPath, reportPath, length);
            Append(inputPath + length, inputName);
            Append(reportPath + length, reportName);

            // Opened before the answer: the requester may then close its ends at once, and what it wrote is still read.
            int input = LibC.open_raw(inputPath, LibC.O_RDONLY | LibC.O_CLOEXEC, 0);
            int report = LibC.open_raw(reportPath, LibC.O_WRONLY | LibC.O_CLOEXEC, 0);

            // A sibling of this process, so that the requester can wait for it.
            // Never without its FIFOs: it would read the requests to this process.
            int pid = input < 0 || report < 0 ? -1 : (int)LibC.fork_for_parent();
            if (pid == 0)
            {
                Become(path, argv, input, report, nothing, reportDescriptor);
            }

            _ = LibC.close(input);
            _ = LibC.close(report);
            LibC.write(1, (byte*)&pid, sizeof(int));
        }
    }

    /// <summary>Runs in the child: only system calls until exec.</summary>
    private static void Become(byte* path, byte** argv, int input, int report, byte* nothing, int reportDescriptor)
    {
        const int lastStandard = 2;
        _ = LibC.setsid();
        _ = LibC.prctl(LibC.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);

        // The runtime ignores SIGPIPE, and exec would keep that.
        _ = LibC.signal((int)Signal.PIPE, 0);
        int output = LibC.open_raw(nothing, LibC.O_WRONLY, 0);
        _ = LibC.dup2(input, 0);
        _ = LibC.dup2(output, 1);
        _ = LibC.dup2(output, lastStandard);
        _ = LibC.dup2(report, Aside);
        _ = LibC.close_range(lastStandard + 1, Aside - 1);
        _ = LibC.dup2(Aside, reportDescriptor);
        _ = LibC.close_range((uint)reportDescriptor + 1, uint.MaxValue);
        _ = LibC.execv(path, argv);
        LibC._exit(127);
    }

    /// <summary>Unblocks all signals and restores the default action of ignored ones: the program inherits both.</summary>
    private static void ResetSignals()
    {
        const int lastStandardSignal = 31, ignored = 1;
        byte* none = stackalloc byte[LibC.SignalSetSize];
        _ = LibC.sigemptyset(none);
        _ = LibC.pthread_sigmask(LibC.SIG_SETMASK, none, null);
        nint* action = stackalloc nint[LibC.SignalActionSize / sizeof(nint)];
        for (int number = 1; number <= lastStandardSignal; number++)
        {
            // The runtime needs SIGPIPE to be ignored.
            if (number != (int)Signal.PIPE && LibC.sigaction(number, null, action) == 0 && action[0] == ignored)
            {
                _ = LibC.signal(number, 0);
            }
        }
    }

    private static int ReadLine(byte* buffer, int capacity)
    {
        for (int length = 0; length < capacity; length++)
        {
            if (LibC.read(0, buffer + length, 1) != 1)
            {
                return -1;
            }

            if (buffer[length] == '\n')
            {
                return length;
            }
        }

        return -1;
    }

    private static void Copy(byte* source, byte* destination, int length)
    {
        for (int i = 0; i < length; i++)
        {
            destination[i] = source[i];
        }
    }

    private static void Append(byte* destination, byte* text)
    {
        do
        {
            *destination++ = *text;
        }
        while (*text++ != 0);
    }

    private static byte* Native(string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text + '\0');
        byte* native = (byte*)NativeMemory.Alloc((nuint)bytes.Length);
        bytes.CopyTo(new Span<byte>(native, bytes.Length));
        return native;
    }

    private static byte** NativeList(IReadOnlyList<string> texts)
    {
        byte** list = (byte**)NativeMemory.AllocZeroed((nuint)(texts.Count + 1), (nuint)sizeof(byte*));
        for (int i = 0; i < texts.Count; i++)
        {
            list[i] = Native(texts[i]);
        }

        return list;
    }
}
