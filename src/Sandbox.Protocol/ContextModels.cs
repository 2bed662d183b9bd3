using System.Text.Json;
using System.Text.Json.Serialization;

namespace Sandbox.Protocol;

/// <summary>Body of <c>POST …/context</c>; optional. The context starts with the directory and variables of the request's session.</summary>
public sealed record ContextCreateRequest
{
    /// <summary>The requested id; generated when absent.</summary>
    public string? Id { get; init; }

    /// <summary>The language or the name of an installed Jupyter kernel; <c>python</c> by default.</summary>
    public string? Language { get; init; }

    /// <summary>The initial directory, relative to the session's, which is the default. Created when it does not exist.</summary>
    public string? Cwd { get; init; }

    /// <summary>Additional variables. Null values are skipped.</summary>
    public Dictionary<string, string?>? Env { get; init; }

    /// <summary>Like <see cref="Env"/>, but masked wherever variables are shown.</summary>
    public Dictionary<string, string?>? SecretEnv { get; init; }

    /// <summary>The default time limit of runs in milliseconds; none when absent.</summary>
    public long? TimeoutMs { get; init; }

    /// <summary>Whether to return the session's default context of the language, which is created if necessary.</summary>
    public bool Default { get; init; }

    /// <summary>Unknown fields, which are rejected.</summary>
    [JsonExtensionData]
    public Dictionary<string, JsonElement>? Unknown { get; set; }
}

/// <summary>One code context, as returned by the API.</summary>
public sealed record ContextInfo
{
    /// <summary>The id, unique in the sandbox.</summary>
    public required string Id { get; init; }

    /// <summary>Its language.</summary>
    public required string Language { get; init; }

    /// <summary>The interpreter: a program, <c>python3</c>, or a Jupyter kernel, <c>jupyter:python3</c>.</summary>
    public required string Interpreter { get; init; }

    /// <summary>Whether code is running.</summary>
    public required ContextState State { get; init; }

    /// <summary>The initial directory.</summary>
    public required string Cwd { get; init; }

    /// <summary>The session whose directory and variables it started with, if any.</summary>
    public string? SessionId { get; init; }

    /// <summary>Whether it is the default context of its language.</summary>
    public bool Default { get; init; }

    /// <summary>The default time limit of runs in milliseconds, if any.</summary>
    public long? TimeoutMs { get; init; }

    /// <summary>When it was created.</summary>
    public required DateTimeOffset CreatedAt { get; init; }
}

/// <summary>Whether code is running in a context.</summary>
public enum ContextState
{
    /// <summary>No code is running.</summary>
    Idle,

    /// <summary>Code is running; more may be queued.</summary>
    Busy,
}

/// <summary>Response of <c>GET …/context</c>.</summary>
/// <param name="Contexts">All, oldest first.</param>
public sealed record ContextList(IReadOnlyList<ContextInfo> Contexts);

/// <summary>Body of <c>POST …/context/{cid}/run</c>. Disconnecting interrupts the run.</summary>
public sealed record CodeRunRequest
{
    /// <summary>The code.</summary>
    public string? Code { get; init; }

    /// <summary>Variables of this run; null values unset variables.</summary>
    public Dictionary<string, string?>? Env { get; init; }

    /// <summary>Like <see cref="Env"/>, but masked wherever variables are shown.</summary>
    public Dictionary<string, string?>? SecretEnv { get; init; }

    /// <summary>The time limit in milliseconds, from the start of the run.</summary>
    public long? TimeoutMs { get; init; }

    /// <summary>Unknown fields, which are rejected.</summary>
    [JsonExtensionData]
    public Dictionary<string, JsonElement>? Unknown { get; set; }
}

/// <summary>Data of a <c>result</c> event: a result that the code displays.</summary>
/// <param name="Kind">The kind, see <see cref="CodeResultKinds"/>.</param>
/// <param name="Data">The representations by media type, as in Jupyter: text, images in base64, JSON.</param>
public sealed record CodeResult(string Kind, Dictionary<string, JsonElement> Data);

/// <summary>The kinds of results.</summary>
public static class CodeResultKinds
{
    /// <summary>The value of the code's last expression.</summary>
    public const string Result = "result";

    /// <summary>Something that was displayed during the run.</summary>
    public const string Display = "display";
}

/// <summary>An error of the code.</summary>
/// <param name="Name">The type of the error: <c>ZeroDivisionError</c>.</param>
/// <param name="Value">The message.</param>
/// <param name="Traceback">The lines of the stack trace.</param>
public sealed record CodeError(string Name, string Value, IReadOnlyList<string> Traceback)
{
    /// <summary>The <see cref="Name"/> when the interpreter exited during the run.</summary>
    public const string InterpreterEnded = "InterpreterEnded";
}

/// <summary>Data of the <c>exit</c> event: the result of a run.</summary>
public sealed record CodeExit
{
    /// <summary>The error, if the code failed.</summary>
    public CodeError? Error { get; init; }

    /// <summary>Whether it was stopped by its time limit.</summary>
    public bool TimedOut { get; init; }

    /// <summary>Whether it was stopped by a caller.</summary>
    public bool Cancelled { get; init; }

    /// <summary>Whether the run started in a new interpreter, without the previous state.</summary>
    public bool Restarted { get; init; }

    /// <summary>The number of the run in its interpreter.</summary>
    public int? ExecutionCount { get; init; }

    /// <summary>The duration in milliseconds, by the sandbox's clock.</summary>
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

    /// <summary>A result, see <see cref="CodeResult"/>.</summary>
    public const string Result = "result";

    /// <summary>The end of the run, see <see cref="CodeExit"/>.</summary>
    public const string Exit = ExecEvents.Exit;

    /// <summary>The code cannot be run or streamed, see <see cref="ErrorBody"/>.</summary>
    public const string Error = ExecEvents.Error;
}
