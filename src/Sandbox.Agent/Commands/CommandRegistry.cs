using System.Globalization;
using Sandbox.Agent.Sessions;
using Sandbox.Protocol;

namespace Sandbox.Agent.Commands;

/// <summary>The sandbox's commands by id: those that run, and the last that ended.</summary>
internal sealed class CommandRegistry
{
    // What is kept of the past, so that an answer that was lost on the way can be asked for again.
    private const int EndedToKeep = 256;
    private const long JournalBound = 64L * 1024 * 1024;

    private readonly Lock gate = new();
    private readonly Dictionary<string, Command> commands = new(StringComparer.Ordinal);
    private readonly LinkedList<Command> order = [];
    private readonly string directory;
    private long count;

    /// <summary>Creates an empty registry.</summary>
    /// <param name="state">The sandbox's state directory; journals lie below it.</param>
    public CommandRegistry(string state)
    {
        directory = Path.Combine(state, "output");
        if (Directory.Exists(directory))
        {
            // Journals of an agent that is gone: nobody can ask for them.
            Directory.Delete(directory, recursive: true);
        }

        Directory.CreateDirectory(directory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    /// <summary>The command of an id.</summary>
    /// <param name="id">The id.</param>
    /// <exception cref="ApiException"><see cref="ErrorCodes.ProcessNotFound"/>.</exception>
    public Command Get(string id)
    {
        lock (gate)
        {
            return commands.TryGetValue(id, out Command? command)
                ? command
                : throw new ApiException(ErrorCodes.ProcessNotFound, $"No command or process has the id '{id}'.");
        }
    }

    /// <summary>Makes a command, or finds the one that the same request made before.</summary>
    /// <param name="id">The id.</param>
    /// <param name="sessionId">The session that the request names, if any.</param>
    /// <param name="request">The request.</param>
    /// <param name="findSession">Finds the session that is to run a new one.</param>
    /// <param name="isNew">Whether it was made now and has to be started.</param>
    /// <exception cref="ApiException"><see cref="ErrorCodes.ProcessExists"/> when the id was used for another request.</exception>
    public Command GetOrAdd(string id, string? sessionId, ExecRequest request, Func<Session> findSession, out bool isNew)
    {
        lock (gate)
        {
            if (commands.TryGetValue(id, out Command? existing))
            {
                isNew = false;
                return existing.Fingerprint == Command.FingerprintOf(sessionId, request)
                    ? existing
                    : throw new ApiException(ErrorCodes.ProcessExists, $"The id '{id}' belongs to another command. Choose another one.");
            }

            string path = Path.Combine(directory, (++count).ToString(CultureInfo.InvariantCulture));
            Command command = new(id, findSession(), sessionId, request, new CommandJournal(path, JournalBound));
            commands.Add(id, command);
            order.AddLast(command);
            Trim();
            isNew = true;
            return command;
        }
    }

    /// <summary>Forgets a command that never ran.</summary>
    /// <param name="command">The command.</param>
    public void Remove(Command command)
    {
        lock (gate)
        {
            commands.Remove(command.Id);
            order.Remove(command);
        }

        command.Journal.Dispose();
    }

    private void Trim()
    {
        for (LinkedListNode<Command>? node = order.First; node is not null && order.Count > EndedToKeep;)
        {
            LinkedListNode<Command>? next = node.Next;
            if (node.Value.HasEnded)
            {
                order.Remove(node);
                commands.Remove(node.Value.Id);
                node.Value.Journal.Dispose();
            }

            node = next;
        }
    }
}
