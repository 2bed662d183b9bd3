using System.ComponentModel;
using System.Text;

namespace Sandbox.Linux;

/// <summary>A terminal made by software: what a <see cref="ChildProcess"/> prints on it is read here, and what is written here it reads. See pty(7).</summary>
public sealed unsafe class PseudoTerminal : IDisposable
{
    private readonly FileDescriptor master;

    private PseudoTerminal(FileDescriptor master, string path)
    {
        this.master = master;
        Path = path;

        // Of its own number, so that an event loop can wait for both directions.
        Input = FileDescriptor.Duplicate(master);
    }

    /// <summary>The other end, for the child: <see cref="ChildProcessOptions.Terminal"/>.</summary>
    public string Path { get; }

    /// <summary>Readable when there is output, and at its end.</summary>
    public FileDescriptor Output => master;

    /// <summary>Takes what the child is to read, without blocking.</summary>
    public FileDescriptor Input { get; }

    /// <summary>Makes one; it belongs to the mount namespace of the caller.</summary>
    /// <param name="columns">Its width.</param>
    /// <param name="rows">Its height.</param>
    public static PseudoTerminal Open(int columns, int rows)
    {
        FileDescriptor master = FileDescriptor.Adopt(LibC.Check(LibC.posix_openpt(LibC.O_RDWR | LibC.O_NOCTTY | LibC.O_CLOEXEC | LibC.O_NONBLOCK), "posix_openpt"));
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

            PseudoTerminal terminal = new(master, Encoding.UTF8.GetString(System.Runtime.InteropServices.MemoryMarshal.CreateReadOnlySpanFromNullTerminated(name)));
            terminal.Resize(columns, rows);
            return terminal;
        }
        catch
        {
            master.Dispose();
            throw;
        }
    }

    /// <summary>Reads output.</summary>
    /// <param name="buffer">Where to.</param>
    /// <returns>The number of bytes; 0 at the end; -1 when there is nothing now.</returns>
    public int Read(Span<byte> buffer)
    {
        try
        {
            return master.Read(buffer);
        }
        catch (Win32Exception end) when (end.NativeErrorCode == LibC.EIO)
        {
            // That nobody has the other end open any more.
            return 0;
        }
    }

    /// <summary>Changes its size; programs in the foreground are told.</summary>
    /// <param name="columns">Its width.</param>
    /// <param name="rows">Its height.</param>
    public void Resize(int columns, int rows)
    {
        ushort* size = stackalloc ushort[4];
        size[0] = (ushort)rows;
        size[1] = (ushort)columns;
        size[2] = size[3] = 0;
        LibC.Check(LibC.ioctl_pointer(master.Number, LibC.TIOCSWINSZ, size), "TIOCSWINSZ");
    }

    /// <summary>Asks the program in the foreground to draw anew, as a change of size would.</summary>
    public void Redraw()
    {
        int group;
        if (LibC.ioctl_pointer(master.Number, LibC.TIOCGPGRP, &group) == 0 && group > 0)
        {
            _ = LibC.kill(-group, LibC.SIGWINCH);
        }
    }

    /// <summary>Hangs up.</summary>
    public void Dispose()
    {
        Input.Dispose();
        master.Dispose();
    }
}
