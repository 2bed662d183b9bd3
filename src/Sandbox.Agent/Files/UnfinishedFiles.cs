using System.Collections.Concurrent;
using System.ComponentModel;
using Sandbox.Linux;

namespace Sandbox.Agent.Files;

/// <summary>What lies under a <see cref="TemporaryName"/> in the user's directories until it is finished: it is part of no archive, and what an agent left when
/// it was killed is removed by the next one.</summary>
internal sealed class UnfinishedFiles
{
    private const long LongestRecord = 8 * 1024;

    private readonly ConcurrentDictionary<string, string> _records = new(StringComparer.Ordinal);
    private readonly string _directory;

    /// <param name="directory">Where it is recorded.</param>
    public UnfinishedFiles(string directory)
    {
        _directory = directory;
        PrivateFiles.MakeDirectory(directory);
        string[] old = [.. Directory.EnumerateFileSystemEntries(directory)];
        if (old.Length > 0)
        {
            // A large tree must not delay the agent's start.
            _ = Task.Run(() => Array.ForEach(old, RemoveOld));
        }
    }

    public bool Contains(string path) => _records.ContainsKey(path);

    /// <summary>Records a path that will be created. It is forgotten when it was moved or removed: see <see cref="Remove"/>.</summary>
    /// <returns>The path.</returns>
    public string Add(string path)
    {
        string record = Path.Combine(_directory, SandboxPath.Name(path));
        _records[path] = record;
        try
        {
            File.WriteAllBytes(record, SandboxPath.Native(path).Bytes.ToArray());
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // Without the record only a killed agent would leave something.
        }

        return path;
    }

    /// <summary>Removes what is still at a path, and the record.</summary>
    public void Remove(string path)
    {
        FileOperations.TryRemove(path);
        if (_records.TryRemove(path, out string? record))
        {
            TryDelete(record);
        }
    }

    private static void RemoveOld(string record)
    {
        try
        {
            if (FileStatus.Of(record) is { Type: FileType.Regular, Size: <= LongestRecord }
                && Protocol.PathText.FromBytes(File.ReadAllBytes(record)) is var path && TemporaryName.Is(SandboxPath.Name(path)))
            {
                FileOperations.TryRemove(path);
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or Win32Exception)
        {
            // Code of the sandbox can have damaged it.
        }

        TryDelete(record);
    }

    private static void TryDelete(string record)
    {
        try
        {
            File.Delete(record);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // The next agent tries it again.
        }
    }
}
