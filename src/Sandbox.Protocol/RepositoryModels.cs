using System.Text.Json;
using System.Text.Json.Serialization;

namespace Sandbox.Protocol;

/// <summary>Body of <c>POST …/git/checkout</c>. At most one of <see cref="Branch"/>, <see cref="Tag"/> and <see cref="Commit"/> is given.</summary>
public sealed record CheckoutRequest
{
    /// <summary>The repository's address, as git takes it.</summary>
    public string? Uri { get; init; }

    /// <summary>The branch that is checked out; the repository's own choice when none is named.</summary>
    public string? Branch { get; init; }

    /// <summary>The tag that is checked out.</summary>
    public string? Tag { get; init; }

    /// <summary>The commit that is checked out: its hash, complete with <see cref="Depth"/>.</summary>
    public string? Commit { get; init; }

    /// <summary>The new directory; absent: one in the session's that is named after the repository.</summary>
    public string? Destination { get; init; }

    /// <summary>How many commits of history are brought along; absent for all.</summary>
    public int? Depth { get; init; }

    /// <summary>The name that an http or https server asks for.</summary>
    public string? UserName { get; init; }

    /// <summary>The password or token that goes with it.</summary>
    public string? Password { get; init; }

    /// <summary>Milliseconds after which it is given up.</summary>
    public long? TimeoutMs { get; init; }

    /// <summary>Fields this release does not know: refused, never ignored.</summary>
    [JsonExtensionData]
    public Dictionary<string, JsonElement>? Unknown { get; set; }

    /// <summary>The name alone: the rest may be secret.</summary>
    public override string ToString() => nameof(CheckoutRequest);
}

/// <summary>Data of the <c>progress</c> event.</summary>
/// <param name="Phase">What git does, in its words: <c>Receiving objects</c>.</param>
/// <param name="Percent">How much of that is done.</param>
public sealed record CheckoutProgress(string Phase, int Percent);

/// <summary>Data of the <c>done</c> event.</summary>
public sealed record CheckoutResult
{
    /// <summary>The directory that was made.</summary>
    public required string Path { get; init; }

    /// <summary>Where it came from, without name and password.</summary>
    public required string Uri { get; init; }

    /// <summary>The branch that is checked out; absent when a tag or commit is.</summary>
    public string? Branch { get; init; }

    /// <summary>The commit that is checked out; absent in a repository that has none.</summary>
    public string? Commit { get; init; }
}

/// <summary>Names of the events of <c>POST …/git/checkout</c>.</summary>
public static class CheckoutEvents
{
    /// <summary>It goes on, see <see cref="CheckoutProgress"/>.</summary>
    public const string Progress = "progress";

    /// <summary>All is there, see <see cref="CheckoutResult"/>.</summary>
    public const string Done = "done";

    /// <summary>It failed, and nothing is there, see <see cref="ErrorBody"/>.</summary>
    public const string Error = "error";
}
