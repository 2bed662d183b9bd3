using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Sandbox.Protocol;

namespace Sandbox.Agent.Sessions;

/// <summary>The agent's records on disk: one file for the sandbox, one for each session, each replaced atomically.</summary>
internal sealed class StateStore
{
    // A session's variables are limited to 8 MB, which JSON can escape.
    private const long MaximumRecord = 64L << 20;

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
    public SandboxRecord? LoadSandbox() => Load(_sandboxFile, AgentJson.Default.SandboxRecord, static record => record.Require());

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
            .Select(file => Load(file, AgentJson.Default.SessionRecord, record => record.Require(Path.GetFileNameWithoutExtension(file))))
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
    private static T? Load<T>(string file, JsonTypeInfo<T> type, Action<T> require)
        where T : class
    {
        if (!PrivateFiles.Exists(file))
        {
            return null;
        }

        try
        {
            using FileStream stream = File.OpenRead(file);
            T? record = stream.Length > MaximumRecord ? null : JsonSerializer.Deserialize(stream, type);
            require(record ?? throw new JsonException("It is empty or too long."));
            return record;
        }
        catch (Exception exception) when (exception is JsonException or ApiException)
        {
            Console.Error.WriteLine($"'{file}' is damaged and set aside: {exception.Message}");
            PrivateFiles.SetAside(file);
            return null;
        }
    }
}
