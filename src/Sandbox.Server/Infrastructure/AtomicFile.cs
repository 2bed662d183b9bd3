using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Sandbox.Server.Infrastructure;

/// <summary>Small JSON files that are either the old or the new one, whatever happens meanwhile.</summary>
internal static class AtomicFile
{
    /// <summary>Writes a file anew, readable by the server's user alone.</summary>
    /// <typeparam name="T">What is kept.</typeparam>
    /// <param name="path">The file.</param>
    /// <param name="value">Its content.</param>
    /// <param name="type">How it is written.</param>
    public static void Write<T>(string path, T value, JsonTypeInfo<T> type)
    {
        string fresh = path + ".new";
        FileStreamOptions options = new()
        {
            Mode = FileMode.Create,
            Access = FileAccess.Write,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        };
        using (FileStream file = new(fresh, options))
        {
            JsonSerializer.Serialize(file, value, type);
        }

        File.Move(fresh, path, overwrite: true);
    }

    /// <summary>Reads a file; null when it is not there or is damaged.</summary>
    /// <typeparam name="T">What is kept.</typeparam>
    /// <param name="path">The file.</param>
    /// <param name="type">How it was written.</param>
    public static T? TryRead<T>(string path, JsonTypeInfo<T> type)
        where T : class
    {
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllBytes(path), type);
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
        catch (JsonException exception)
        {
            ServerLog.Write($"'{path}' is damaged and left out: {exception.Message}");
            return null;
        }
    }
}
