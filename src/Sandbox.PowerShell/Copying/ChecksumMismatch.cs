using Sandbox.Protocol;

namespace Sandbox;

/// <summary>The copy differs from the source.</summary>
internal static class ChecksumMismatch
{
    private const string Code = "checksum_mismatch";
    private const int Shown = 5;

    /// <summary>The failure for a file.</summary>
    /// <param name="name">The file.</param>
    public static ApiException Of(string name) => new(Code, $"The copy of '{name}' differs from the source. One of them changed during the copy, or the data was damaged.");

    /// <summary>Throws if the copy of a directory differs.</summary>
    /// <param name="name">The tree.</param>
    /// <param name="files">How many files it has.</param>
    /// <param name="found">How many are the same, and which differ.</param>
    public static void Require(string name, long files, (long Same, IReadOnlyList<string> Different) found)
    {
        if (found.Different.Count > 0 || found.Same < files)
        {
            string which = found.Different.Count > 0 ? string.Join(", ", found.Different.Take(Shown).Select(file => $"'{file}'")) : $"{files - found.Same} files are missing";
            throw new ApiException(Code, $"The copy of '{name}' differs from the source: {which}. One of them changed during the copy, or the data was damaged.");
        }
    }
}
