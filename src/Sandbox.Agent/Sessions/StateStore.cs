using System.Text.Json.Serialization.Metadata;

namespace Sandbox.Agent.Sessions;

/// <summary>The agent's records on disk: one file for the sandbox, one for each session, each replaced atomically.</summary>
internal sealed class StateStore
{
    private readonly Lock _gate = new();
    private readonly string _sandboxFile;
    private readonly string _sessions;

    public StateStore(string state)
    {
        _sandboxFile = Path.Combine(state, "sandbox.json");
        _sessions = Path.Combine(state, "sessions");
        PrivateFiles.MakeDirectory(_sessions);
    }

    /// <summary>Loads the sandbox's settings; null when it is new.</summary>
    public SandboxRecord? LoadSandbox() => Load(_sandboxFile, AgentJson.Default.SandboxRecord);

    public void Save(SandboxRecord record)
    {
        lock (_gate)
        {
            AtomicFile.WriteJson(_sandboxFile, record, AgentJson.Default.SandboxRecord);
        }
    }

    /// <summary>Loads all sessions, oldest first.</summary>
    public IReadOnlyList<SessionRecord> LoadSessions() =>
        [.. Directory.EnumerateFileSystemEntries(_sessions, "*.json")
            .Select(file => Load(file, AgentJson.Default.SessionRecord))
            .OfType<SessionRecord>()
            .OrderBy(record => record.CreatedAt)];

    /// <summary>Saves a session, unless it is deleted before its file is written.</summary>
    /// <param name="current">Gets the current record; null when the session is deleted.</param>
    public void Save(Func<SessionRecord?> current)
    {
        lock (_gate)
        {
            if (current() is { } record)
            {
                AtomicFile.WriteJson(FileOf(record.Id), record, AgentJson.Default.SessionRecord);
            }
        }
    }

    public void Remove(string id)
    {
        lock (_gate)
        {
            File.Delete(FileOf(id));
        }
    }

    // An id is a safe file name: see Identifier.
    private string FileOf(string id) => Path.Combine(_sessions, id + ".json");

    // Sandboxed code can write here; it then loses its own record and nothing else.
    private static T? Load<T>(string file, JsonTypeInfo<T> type)
        where T : class => PrivateFiles.Exists(file) ? AtomicFile.TryReadJson(file, type, Console.Error.WriteLine) : null;
}
