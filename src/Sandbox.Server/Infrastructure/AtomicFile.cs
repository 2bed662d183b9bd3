using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Sandbox.Server.Infrastructure;

/// <summary>Small JSON files that are replaced atomically.</summary>
internal static class AtomicFile
{
    /// <summary>Writes or replaces a file that only the server's user can read.</summary>
    public static void Write<T>(string path, T value, JsonTypeInfo<T> type)
    {
        string temporary = path + ".new";
        FileStreamOptions options = new()
        {
            Mode = FileMode.Create,
            Access = FileAccess.Write,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        };
        using (FileStream file = new(temporary, options))
        {
            JsonSerializer.Serialize(file, value, type);
        }

        File.Move(temporary, path, overwrite: true);
    }

    /// <summary>Reads a file, or returns null when it does not exist or is damaged.</summary>
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
            ServerLog.Write($"'{path}' is damaged and ignored: {exception.Message}");
            return null;
        }
    }
}
