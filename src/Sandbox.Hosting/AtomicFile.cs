using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Sandbox.Protocol;

namespace Sandbox.Hosting;

/// <summary>Small files that are replaced atomically: others see either the old content or the new.</summary>
internal static class AtomicFile
{
    private const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>Creates or replaces a file.</summary>
    public static void Write(string path, UnixFileMode mode, Action<Stream> write)
    {
        string temporary = $"{path}.{Identifier.Generate()}";
        using (FileStream stream = new(temporary, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = mode }))
        {
            write(stream);
        }

        File.Move(temporary, path, overwrite: true);
    }

    /// <summary>Creates or replaces a JSON file that only this user can read.</summary>
    public static void WriteJson<T>(string path, T value, JsonTypeInfo<T> type) =>
        Write(path, Private, stream => JsonSerializer.Serialize(stream, value, type));

    /// <summary>Reads a JSON file, or returns null when it does not exist or is damaged.</summary>
    /// <param name="onDamaged">Receives what is wrong with a damaged file.</param>
    public static T? TryReadJson<T>(string path, JsonTypeInfo<T> type, Action<string> onDamaged)
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
            onDamaged($"'{path}' is damaged and ignored: {exception.Message}");
            return null;
        }
    }
}
