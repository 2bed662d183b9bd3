using System.Globalization;
using Sandbox.Linux;
using Sandbox.Protocol;

namespace Sandbox.Agent.Files;

/// <summary>Versions of files as entity tags, and the conditions of RFC 9110, section 13.</summary>
internal static class FileVersion
{
    /// <summary>The version of what is there; null when nothing is.</summary>
    /// <param name="status">What is there.</param>
    public static string? Of(FileStatus? status) => status is { } there
        ? string.Create(CultureInfo.InvariantCulture, $"\"{there.Inode:x}-{there.ModifiedNanoseconds:x}-{there.ChangedNanoseconds:x}-{there.Size:x}\"")
        : null;

    /// <summary>Refuses a request whose condition does not hold.</summary>
    /// <param name="headers">The request's headers.</param>
    /// <param name="version">The version of what is there; null when nothing is.</param>
    /// <param name="path">Where.</param>
    public static void Require(IHeaderDictionary headers, string? version, string path)
    {
        if (headers.IfMatch.Count > 0 && !Names(headers.IfMatch, version))
        {
            throw new ApiException(ErrorCodes.PreconditionFailed, version is null
                ? $"'{PathText.ToDisplay(path)}' does not exist, and the request asks for a certain version of it."
                : $"'{PathText.ToDisplay(path)}' is not the version that the request asks for: it was changed meanwhile.");
        }

        if (headers.IfNoneMatch.Count > 0 && Names(headers.IfNoneMatch, version))
        {
            throw headers.IfNoneMatch == "*"
                ? new ApiException(ErrorCodes.PathExists, $"'{PathText.ToDisplay(path)}' exists already.") { Status = StatusCodes.Status412PreconditionFailed }
                : new ApiException(ErrorCodes.PreconditionFailed, $"'{PathText.ToDisplay(path)}' is the version that the request excludes.");
        }
    }

    /// <summary>Whether a header of conditions names a version.</summary>
    /// <param name="header">The header.</param>
    /// <param name="version">The version; null when nothing is there.</param>
    public static bool Names(Microsoft.Extensions.Primitives.StringValues header, string? version) =>
        version is not null && header.ToString().Split(',', StringSplitOptions.TrimEntries).Any(tag => tag == "*" || tag == version);
}
