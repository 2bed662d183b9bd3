using System.Text.Json;
using System.Text.Json.Serialization;

namespace Sandbox.Protocol;

/// <summary>Body of <c>POST …/git/checkout</c>. At most one of <see cref="Branch"/>, <see cref="Tag"/> and <see cref="Commit"/> is given.</summary>
public sealed record CheckoutRequest
{
    /// <summary>The address of the repository, for git.</summary>
    public string? Uri { get; init; }

    /// <summary>The branch; the repository's default when absent.</summary>
    public string? Branch { get; init; }

    /// <summary>The tag.</summary>
    public string? Tag { get; init; }

    /// <summary>The hash of the commit; the full hash is required with <see cref="Depth"/>.</summary>
    public string? Commit { get; init; }

    /// <summary>The new directory; by default one with the repository's name in the session's directory.</summary>
    public string? Destination { get; init; }

    /// <summary>The number of commits of history; all when absent.</summary>
    public int? Depth { get; init; }

    /// <summary>The user name for an http or https server.</summary>
    public string? UserName { get; init; }

    /// <summary>The password or token.</summary>
    public string? Password { get; init; }

    /// <summary>The time limit in milliseconds.</summary>
    public long? TimeoutMs { get; init; }

    /// <summary>Unknown fields, which are rejected.</summary>
    [JsonExtensionData]
    public Dictionary<string, JsonElement>? Unknown { get; set; }

    /// <summary>Returns only the type's name: the rest may be secret.</summary>
    public override string ToString() => nameof(CheckoutRequest);
}

/// <summary>Data of the <c>progress</c> event.</summary>
/// <param name="Phase">The phase that git reports: <c>Receiving objects</c>.</param>
/// <param name="Percent">The progress of the phase.</param>
public sealed record CheckoutProgress(string Phase, int Percent);

/// <summary>Data of the <c>done</c> event.</summary>
public sealed record CheckoutResult
{
    /// <summary>The created directory.</summary>
    public required string Path { get; init; }

    /// <summary>The address of the repository, without user name and password.</summary>
    public required string Uri { get; init; }

    /// <summary>The branch, unless a tag or commit was checked out.</summary>
    public string? Branch { get; init; }

    /// <summary>The commit; absent in an empty repository.</summary>
    public string? Commit { get; init; }
}

/// <summary>Names of the events of <c>POST …/git/checkout</c>.</summary>
public static class CheckoutEvents
{
    /// <summary>The progress, see <see cref="CheckoutProgress"/>.</summary>
    public const string Progress = "progress";

    /// <summary>The result, see <see cref="CheckoutResult"/>.</summary>
    public const string Done = "done";

    /// <summary>The checkout failed and left nothing, see <see cref="ErrorBody"/>.</summary>
    public const string Error = "error";
}
