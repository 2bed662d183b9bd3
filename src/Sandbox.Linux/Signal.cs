namespace Sandbox.Linux;

/// <summary>Signals with their numbers on x86-64 and arm64, see signal(7).</summary>
public enum Signal
{
    HUP = 1,
    INT = 2,
    QUIT = 3,
    ABRT = 6,
    KILL = 9,
    USR1 = 10,
    SEGV = 11,
    USR2 = 12,
    PIPE = 13,
    TERM = 15,
    CONT = 18,
    STOP = 19,
    WINCH = 28,
}
