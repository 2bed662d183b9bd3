using Sandbox.Client;

namespace Sandbox;

/// <summary>Archive files that a user names.</summary>
internal static class ArchiveChoice
{
    /// <summary>Returns the archive of a file name; null, and an error, for an unknown extension.</summary>
    public static LocalArchive? OpenArchive(this SandboxCommandBase cmdlet, string file)
    {
        LocalArchive? archive = LocalArchive.Of(file);
        if (archive is null)
        {
            string extensions = string.Join(", ", LocalArchive.Endings);
            cmdlet.WriteError(Errors.InvalidArgument($"The archive format of '{file}' is unknown. Use one of the extensions {extensions}.", file));
        }

        return archive;
    }
}
