using Sandbox.Protocol;

namespace Sandbox.Agent.Terminals;

/// <summary>The place of the one terminal that a session has, or the sandbox itself. A shell that has ended makes room for a fresh one.</summary>
internal sealed class TerminalSlot
{
    private readonly Lock gate = new();
    private Terminal? current;
    private bool closed;

    /// <summary>The terminal, which is started when there is none.</summary>
    /// <param name="start">Starts it.</param>
    public Terminal GetOrStart(Func<Terminal> start)
    {
        lock (gate)
        {
            if (closed)
            {
                throw new ApiException(ErrorCodes.SessionClosed, "The session was deleted; it has no terminal any more.");
            }

            return current is { Exit: null } living ? living : current = start();
        }
    }

    /// <summary>A terminal that was looked at before, also when its shell has ended since; then what it printed last is still to be had.</summary>
    /// <param name="id">Its id.</param>
    /// <exception cref="ApiException"><see cref="ErrorCodes.TerminalNotFound"/>.</exception>
    public Terminal Get(string id)
    {
        lock (gate)
        {
            return current?.Id == id
                ? current
                : throw new ApiException(ErrorCodes.TerminalNotFound, $"The terminal '{id}' is gone. Ask without its id for a fresh one.");
        }
    }

    /// <summary>Ends the terminal; there will be no other.</summary>
    public void Close()
    {
        lock (gate)
        {
            closed = true;
            current?.Kill();
        }
    }
}
