using Sandbox.Protocol;

namespace Sandbox.Agent.Files;

internal static class AtomicFile
{
    /// <summary>Creates or replaces a file; others see either the old content or the new.</summary>
    public static void Write(string path, UnixFileMode mode, Action<Stream> write)
    {
        string temporary = $"{path}.{Identifier.Generate()}";
        using (FileStream stream = new(temporary, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = mode }))
        {
            write(stream);
        }

        File.Move(temporary, path, overwrite: true);
    }
}
