namespace Sandbox.Linux;

/// <summary>The signals this product sends or names; numbers as on x86-64 and arm64.</summary>
public enum Signal
{
    /// <summary>Hang-up.</summary>
    HUP = 1,

    /// <summary>Interrupt, as Ctrl+C sends it.</summary>
    INT = 2,

    /// <summary>Quit.</summary>
    QUIT = 3,

    /// <summary>Aborted.</summary>
    ABRT = 6,

    /// <summary>Killed; cannot be caught.</summary>
    KILL = 9,

    /// <summary>The first of two that mean what a program says they mean.</summary>
    USR1 = 10,

    /// <summary>Invalid memory access.</summary>
    SEGV = 11,

    /// <summary>The second of two that mean what a program says they mean.</summary>
    USR2 = 12,

    /// <summary>Wrote to a pipe nobody reads.</summary>
    PIPE = 13,

    /// <summary>Asked to end.</summary>
    TERM = 15,

    /// <summary>Continue.</summary>
    CONT = 18,

    /// <summary>Stopped until CONT or KILL; cannot be caught.</summary>
    STOP = 19,

    /// <summary>The terminal's window has another size.</summary>
    WINCH = 28,
}
