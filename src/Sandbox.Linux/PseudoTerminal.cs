using System.ComponentModel;
using System.Text;

namespace Sandbox.Linux;

/// <summary>The controlling side of a pseudo-terminal, see pty(7). A <see cref="ChildProcess"/> gets the other side.</summary>
public sealed unsafe class PseudoTerminal : IDisposable
{
    private PseudoTerminal(FileDescriptor master, string path)
    {
        Output = master;
        Path = path;

        // A descriptor of its own, so that an event loop can wait for both directions.
        Input = FileDescriptor.Duplicate(master);
    }

    /// <summary>Gets the path of the child's side: <see cref="ChildProcessOptions.Terminal"/>.</summary>
    public string Path { get; }

    /// <summary>Gets the descriptor that is readable when there is output, and at its end.</summary>
    public FileDescriptor Output { get; }

    /// <summary>Gets the non-blocking descriptor for the child's input.</summary>
    public FileDescriptor Input { get; }

    /// <summary>Creates a pseudo-terminal in the caller's mount namespace.</summary>
    public static PseudoTerminal Open(int columns, int rows)
    {
        FileDescriptor master = FileDescriptor.Adopt(
            LibC.Check(LibC.posix_openpt(LibC.O_RDWR | LibC.O_NOCTTY | LibC.O_CLOEXEC | LibC.O_NONBLOCK), "posix_openpt"));
        try
        {
            LibC.Check(LibC.grantpt(master.Number), "grantpt");
            LibC.Check(LibC.unlockpt(master.Number), "unlockpt");
            const int longest = 64;
            byte* name = stackalloc byte[longest];
            int error = LibC.ptsname_r(master.Number, name, longest);
            if (error != 0)
            {
                throw LibC.Failure(error, "ptsname");
            }

            PseudoTerminal terminal = new(
                master, Encoding.UTF8.GetString(System.Runtime.InteropServices.MemoryMarshal.CreateReadOnlySpanFromNullTerminated(name)));
            terminal.Resize(columns, rows);
            return terminal;
        }
        catch
        {
            master.Dispose();
            throw;
        }
    }

    /// <summary>Returns the number of bytes read; 0 at the end; -1 when there is none yet.</summary>
    public int Read(Span<byte> buffer)
    {
        try
        {
            return Output.Read(buffer);
        }
        catch (Win32Exception end) when (end.NativeErrorCode == Errno.EIO)
        {
            // Nobody has the other side open any more.
            return 0;
        }
    }

    /// <summary>Changes the size; the kernel notifies the foreground programs.</summary>
    public void Resize(int columns, int rows)
    {
        ushort* size = stackalloc ushort[4];
        size[0] = (ushort)rows;
        size[1] = (ushort)columns;
        size[2] = size[3] = 0;
        LibC.Check(LibC.ioctl_pointer(Output.Number, LibC.TIOCSWINSZ, size), "TIOCSWINSZ");
    }

    /// <summary>Makes the foreground program redraw, as after a change of size.</summary>
    public void Redraw()
    {
        int group;
        if (LibC.ioctl_pointer(Output.Number, LibC.TIOCGPGRP, &group) == 0 && group > 0)
        {
            _ = LibC.kill(-group, (int)Signal.WINCH);
        }
    }

    /// <summary>Hangs up the terminal.</summary>
    public void Dispose()
    {
        Input.Dispose();
        Output.Dispose();
    }
}
