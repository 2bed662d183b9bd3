using Sandbox.Protocol;

namespace Sandbox.Agent.Terminals;

/// <summary>The place of the one terminal that a session has, or the sandbox itself. A shell that has ended makes room for a fresh one.</summary>
internal sealed class TerminalHolder
{
    private readonly Lock _gate = new();
    private Terminal? _current;
    private bool _closed;

    /// <summary>The terminal, which is started when there is none.</summary>
    /// <param name="start">Starts it.</param>
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

    /// <summary>A terminal that was looked at before, also when its shell has ended since; then what it printed last is still to be had.</summary>
    /// <param name="id">Its id.</param>
    /// <exception cref="ApiException"><see cref="ErrorCodes.TerminalNotFound"/>.</exception>
    public Terminal Get(string id)
    {
        lock (_gate)
        {
            return _current?.Id == id
                ? _current
                : throw new ApiException(ErrorCodes.TerminalNotFound, $"The terminal '{id}' is gone. Ask without its id for a fresh one.");
        }
    }

    /// <summary>Ends the terminal; there will be no other.</summary>
    public void Close()
    {
        lock (_gate)
        {
            _closed = true;
            _current?.Kill();
        }
    }
}
