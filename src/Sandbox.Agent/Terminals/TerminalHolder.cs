using Sandbox.Protocol;

namespace Sandbox.Agent.Terminals;

/// <summary>Holds the one terminal of a session, or of the sandbox itself. A new one replaces a terminal whose shell has ended.</summary>
internal sealed class TerminalHolder
{
    private readonly Lock _gate = new();
    private Terminal? _current;
    private bool _closed;

    /// <summary>Whether there is a terminal whose shell runs.</summary>
    public bool HasLiving
    {
        get
        {
            lock (_gate)
            {
                return _current is { Exit: null };
            }
        }
    }

    /// <summary>Gets the terminal, or starts one.</summary>
    public Terminal GetOrStart(Func<Terminal> start)
    {
        lock (_gate)
        {
            if (_closed)
            {
                throw new ApiException(ErrorCodes.SessionClosed, "The session was deleted; it has no terminal any more.");
            }

            return _current is { Exit: null } living ? living : _current = start();
        }
    }

    /// <summary>Gets an earlier terminal, also after its shell exited; its last output can still be read.</summary>
    /// <exception cref="ApiException"><see cref="ErrorCodes.TerminalNotFound"/>.</exception>
    public Terminal Get(string id)
    {
        lock (_gate)
        {
            return _current?.Id == id
                ? _current
                : throw new ApiException(ErrorCodes.TerminalNotFound, $"The terminal '{id}' is gone. Leave out its id for a new one.");
        }
    }

    /// <summary>Ends the terminal and refuses to start another.</summary>
    public void Close()
    {
        lock (_gate)
        {
            _closed = true;
            _current?.Kill();
        }
    }
}
