using Sandbox.Protocol;

namespace Sandbox;

/// <summary>The copy differs from the source.</summary>
internal static class ChecksumMismatch
{
    private const string Code = "checksum_mismatch";
    private const string Reason = "One of them changed during the copy, or the data was damaged.";
    private const int Shown = 5;

    /// <summary>Creates the failure of a file.</summary>
    public static ApiException Of(string name) => new(Code, $"The copy of '{name}' differs from the source. {Reason}");

    /// <summary>Throws if the copy of a directory differs.</summary>
    /// <param name="name">The directory.</param>
    /// <param name="files">The number of files.</param>
    /// <param name="found">The number of equal files and the names of the different ones.</param>
    public static void Require(string name, long files, (long Same, IReadOnlyList<string> Different) found)
    {
        if (found.Different.Count > 0 || found.Same < files)
        {
            string which = found.Different.Count > 0
                ? string.Join(", ", found.Different.Take(Shown).Select(file => $"'{file}'"))
                : $"{files - found.Same} files are missing";
            throw new ApiException(Code, $"The copy of '{name}' differs from the source: {which}. {Reason}");
        }
    }
}
