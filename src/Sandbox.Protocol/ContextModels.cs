using System.Text.Json;
using System.Text.Json.Serialization;

namespace Sandbox.Protocol;

/// <summary>Body of <c>POST …/context</c>; may be absent. The session that the request names gives the new context its directory and variables.</summary>
public sealed record ContextCreateRequest
{
    /// <summary>The id wished for; generated when absent.</summary>
    public string? Id { get; init; }

    /// <summary>The language, or the name of a Jupyter kernel that is installed in the sandbox; <c>python</c> when absent.</summary>
    public string? Language { get; init; }

    /// <summary>Where the code starts; relative to the session's directory, which it is when absent. Made when it does not exist.</summary>
    public string? Cwd { get; init; }

    /// <summary>Variables beside the session's. Null values are skipped.</summary>
    public Dictionary<string, string?>? Env { get; init; }

    /// <summary>As <see cref="Env"/>, but secret.</summary>
    public Dictionary<string, string?>? SecretEnv { get; init; }

    /// <summary>Milliseconds after which a run of this context is interrupted, unless the run has a limit of its own; none when absent.</summary>
    public long? TimeoutMs { get; init; }

    /// <summary>Whether the session's default context of the language is meant: it is made when there is none.</summary>
    public bool Default { get; init; }

    /// <summary>Fields this release does not know: refused, never ignored.</summary>
    [JsonExtensionData]
    public Dictionary<string, JsonElement>? Unknown { get; set; }
}

/// <summary>One code context, as the API shows it.</summary>
public sealed record ContextInfo
{
    /// <summary>Its key within the sandbox.</summary>
    public required string Id { get; init; }

    /// <summary>Its language.</summary>
    public required string Language { get; init; }

    /// <summary>What runs the code: a program, <c>python3</c>, or a Jupyter kernel, <c>jupyter:python3</c>.</summary>
    public required string Interpreter { get; init; }

    /// <summary>Whether code runs in it now.</summary>
    public required ContextState State { get; init; }

    /// <summary>Where the code started.</summary>
    public required string Cwd { get; init; }

    /// <summary>The session that gave it its directory and variables, if one did.</summary>
    public string? SessionId { get; init; }

    /// <summary>Whether it is the one that is used for its language when none is named.</summary>
    public bool Default { get; init; }

    /// <summary>The limit for its runs in milliseconds, if it has one.</summary>
    public long? TimeoutMs { get; init; }

    /// <summary>When it was made.</summary>
    public required DateTimeOffset CreatedAt { get; init; }
}

/// <summary>Whether a context runs code.</summary>
public enum ContextState
{
    /// <summary>No code runs.</summary>
    Idle,

    /// <summary>Code runs; more waits behind it.</summary>
    Busy,
}

/// <summary>Answer of <c>GET …/context</c>.</summary>
/// <param name="Contexts">All of them, oldest first.</param>
public sealed record ContextList(IReadOnlyList<ContextInfo> Contexts);

/// <summary>Body of <c>POST …/context/{cid}/run</c>. Whoever closes the connection before the end interrupts the run.</summary>
public sealed record CodeRunRequest
{
    /// <summary>The code.</summary>
    public string? Code { get; init; }

    /// <summary>Variables of this run alone; null unsets.</summary>
    public Dictionary<string, string?>? Env { get; init; }

    /// <summary>As <see cref="Env"/>, but secret.</summary>
    public Dictionary<string, string?>? SecretEnv { get; init; }

    /// <summary>Milliseconds after which the run is interrupted; counted from its start, not from its place in the queue.</summary>
    public long? TimeoutMs { get; init; }

    /// <summary>Fields this release does not know: refused, never ignored.</summary>
    [JsonExtensionData]
    public Dictionary<string, JsonElement>? Unknown { get; set; }
}

/// <summary>Data of a <c>result</c> event: something that the code shows.</summary>
/// <param name="Kind">What it is, see <see cref="CodeResultKinds"/>.</param>
/// <param name="Data">Its forms by media type, as Jupyter has them: text as it is, images in base64, what is JSON as JSON.</param>
public sealed record CodeResult(string Kind, Dictionary<string, JsonElement> Data);

/// <summary>The kinds of results.</summary>
public static class CodeResultKinds
{
    /// <summary>The value of the code's last expression.</summary>
    public const string Result = "result";

    /// <summary>Something shown on the way.</summary>
    public const string Display = "display";
}

/// <summary>Why code failed, as its language tells it.</summary>
/// <param name="Name">The kind of error: <c>ZeroDivisionError</c>.</param>
/// <param name="Value">What it says.</param>
/// <param name="Traceback">Where it happened, line by line.</param>
public sealed record CodeError(string Name, string Value, IReadOnlyList<string> Traceback)
{
    /// <summary>The <see cref="Name"/> of the error of a run whose interpreter ended under it.</summary>
    public const string InterpreterEnded = "InterpreterEnded";
}

/// <summary>Data of the <c>exit</c> event: how a run ended.</summary>
public sealed record CodeExit
{
    /// <summary>Why the code failed; absent when it did not.</summary>
    public CodeError? Error { get; init; }

    /// <summary>Whether its time limit stopped it.</summary>
    public bool TimedOut { get; init; }

    /// <summary>Whether a caller stopped it.</summary>
    public bool Cancelled { get; init; }

    /// <summary>Whether the interpreter before had ended, so that this run began in a new one, without the state.</summary>
    public bool Restarted { get; init; }

    /// <summary>The run's number in its interpreter.</summary>
    public int? ExecutionCount { get; init; }

    /// <summary>Milliseconds from its start to its end, by the sandbox's clock.</summary>
    public double DurationMs { get; init; }

    /// <summary>When it started.</summary>
    public DateTimeOffset StartedAt { get; init; }
}

/// <summary>Names of the events of a run's stream.</summary>
public static class CodeEvents
{
    /// <summary>Bytes of standard output, as base64.</summary>
    public const string StandardOutput = ExecEvents.StandardOutput;

    /// <summary>Bytes of standard error, as base64.</summary>
    public const string StandardError = ExecEvents.StandardError;

    /// <summary>Something the code shows, see <see cref="CodeResult"/>.</summary>
    public const string Result = "result";

    /// <summary>The end, see <see cref="CodeExit"/>.</summary>
    public const string Exit = ExecEvents.Exit;

    /// <summary>The code could not be run or followed, see <see cref="ErrorBody"/>.</summary>
    public const string Error = ExecEvents.Error;
}
