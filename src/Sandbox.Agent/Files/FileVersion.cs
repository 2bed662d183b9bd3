using System.Globalization;
using Sandbox.Linux;
using Sandbox.Protocol;

namespace Sandbox.Agent.Files;

/// <summary>The conditions of a request on the version of a file: see RFC 9110, section 13.</summary>
/// <param name="IfMatch">Entity tags, one of which the file must have; empty for no condition.</param>
/// <param name="IfNoneMatch">Entity tags, none of which the file may have; empty for no condition.</param>
internal readonly record struct FilePrecondition(string IfMatch, string IfNoneMatch)
{
    private const int PreconditionFailedStatus = 412;

    /// <summary>Throws when a condition does not hold.</summary>
    /// <param name="version">The current version; null when there is no file.</param>
    /// <exception cref="ApiException"><see cref="ErrorCodes.PreconditionFailed"/>, <see cref="ErrorCodes.PathExists"/>.</exception>
    public void Require(string? version, string path)
    {
        if (IfMatch.Length > 0 && !FileVersion.IsIn(IfMatch, version))
        {
            throw new ApiException(ErrorCodes.PreconditionFailed, version is null
                ? $"'{PathText.ToDisplay(path)}' does not exist, and the request asks for a certain version of it."
                : $"'{PathText.ToDisplay(path)}' is not the version that the request asks for: it was changed meanwhile.");
        }

        if (IfNoneMatch.Length > 0 && FileVersion.IsIn(IfNoneMatch, version))
        {
            throw IfNoneMatch == "*"
                ? new ApiException(ErrorCodes.PathExists, $"'{PathText.ToDisplay(path)}' exists already.") { Status = PreconditionFailedStatus }
                : new ApiException(ErrorCodes.PreconditionFailed, $"'{PathText.ToDisplay(path)}' is the version that the request excludes.");
        }
    }
}

/// <summary>Versions of files as entity tags.</summary>
internal static class FileVersion
{
    /// <summary>Gets the version of a file; null when there is none.</summary>
    public static string? Of(FileStatus? status) => status is { } there
        ? string.Create(CultureInfo.InvariantCulture, $"\"{there.Inode:x}-{there.ModifiedNanoseconds:x}-{there.ChangedNanoseconds:x}-{there.Size:x}\"")
        : null;

    /// <summary>Whether a header with entity tags, or <c>*</c>, includes a version.</summary>
    public static bool IsIn(string header, string? version) =>
        version is not null && header.Split(',', StringSplitOptions.TrimEntries).Any(tag => tag == "*" || tag == version);
}
