using System.Text.Json;
using System.Text.Json.Serialization;

namespace Sandbox.Protocol;

/// <summary>Body of <c>POST …/exec</c> and <c>POST …/process</c>. Exactly one of <see cref="Argv"/> and <see cref="Command"/> is given.</summary>
public sealed record ExecRequest
{
    /// <summary>A program and its arguments, taken literally.</summary>
    public string[]? Argv { get; init; }

    /// <summary>Text for the shell.</summary>
    public string? Command { get; init; }

    /// <summary>Directory of this command alone; relative to the session's. It must exist.</summary>
    public string? Cwd { get; init; }

    /// <summary>Variables of this command alone; null unsets.</summary>
    public Dictionary<string, string?>? Env { get; init; }

    /// <summary>As <see cref="Env"/>, but masked wherever variables are shown.</summary>
    public Dictionary<string, string?>? SecretEnv { get; init; }

    /// <summary>What the command reads, as base64; end of input follows. Absent: empty input.</summary>
    public byte[]? Stdin { get; init; }

    /// <summary>Whether input follows by <c>POST …/process/{pid}/stdin</c>, instead of <see cref="Stdin"/>; it ends with the body of that request.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool StdinOpen { get; init; }

    /// <summary>Milliseconds after which the command is stopped; counted from its start, not from its place in the queue.</summary>
    [JsonPropertyName("timeout_ms")]
    public long? TimeoutMs { get; init; }

    /// <summary>Fields this release does not know: refused, never ignored.</summary>
    [JsonExtensionData]
    public Dictionary<string, JsonElement>? Unknown { get; set; }
}

/// <summary>Data of the <c>exit</c> event: how a command ended.</summary>
public sealed record ExecExit
{
    /// <summary>The exit code; 128 + n when a signal n ended it.</summary>
    [JsonPropertyName("exit_code")]
    public required int ExitCode { get; init; }

    /// <summary>The signal that ended it, by name: <c>KILL</c>.</summary>
    public string? Signal { get; init; }

    /// <summary>Whether its time limit stopped it.</summary>
    public bool TimedOut { get; init; }

    /// <summary>Whether a caller stopped it.</summary>
    public bool Cancelled { get; init; }

    /// <summary>Whether the session's shell ended with it and a new one took its place.</summary>
    public bool ShellRestarted { get; init; }

    /// <summary>Milliseconds from its start to its end, by the sandbox's clock.</summary>
    public double DurationMs { get; init; }

    /// <summary>When it started.</summary>
    public DateTimeOffset StartedAt { get; init; }

    /// <summary>Processor time it took, user and system, in milliseconds: of its own and of all it started and waited for. Absent where the kernel does not
    /// tell.</summary>
    public double? CpuMs { get; init; }

    /// <summary>The most memory that one of its processes held at a time, in bytes. Absent where the kernel does not tell: for commands in a session, which
    /// share its shell.</summary>
    public long? PeakMemoryBytes { get; init; }
}

/// <summary>Names of the events of a command's stream.</summary>
public static class ExecEvents
{
    /// <summary>Bytes of standard output, as base64.</summary>
    public const string StandardOutput = "stdout";

    /// <summary>Bytes of standard error, as base64.</summary>
    public const string StandardError = "stderr";

    /// <summary>The end, see <see cref="ExecExit"/>.</summary>
    public const string Exit = "exit";

    /// <summary>The command could not be run or followed, see <see cref="ErrorBody"/>.</summary>
    public const string Error = "error";

    /// <summary>Where what follows begins, as an <see cref="OutputCursor"/>; see <see cref="FrameKind.Position"/>.</summary>
    public const string Position = "position";

    /// <summary>All there is so far, see <see cref="FrameKind.Pause"/>.</summary>
    public const string Pause = "pause";
}

/// <summary>Names of headers that are part of the contract.</summary>
public static class ApiHeaders
{
    /// <summary>The session a request is bound to.</summary>
    public const string SessionId = "Session-Id";

    /// <summary>The command's id: chosen by the client or told by the agent.</summary>
    public const string ProcessId = "Process-Id";

    /// <summary><c>false</c>: a stopped sandbox is not woken by this request, which then fails with <see cref="ErrorCodes.SandboxStopped"/>.</summary>
    public const string Wake = "Wake";

    /// <summary>The id a request is logged under.</summary>
    public const string RequestId = "Request-Id";
}
