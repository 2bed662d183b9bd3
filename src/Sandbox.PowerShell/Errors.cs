using System.Management.Automation;
using Sandbox.Client;
using Sandbox.Protocol;

namespace Sandbox;

/// <summary>Every error record of the module: stable ids (a wire code in Pascal case), categories, and what the user can do.</summary>
internal static class Errors
{
    // The parameters of the fields that a server may not know.
    private static readonly Dictionary<string, string> Parameters = new(StringComparer.Ordinal)
    {
        ["env"] = "-Environment", ["secretEnv"] = "-Environment", ["labels"] = "-Label", ["network"] = "-Network", ["image"] = "-Image", ["engine"] = "-Engine",
        ["limits.memoryBytes"] = "-MemoryLimit", ["limits.processes"] = "-ProcessLimit", ["limits.cpus"] = "-CpuLimit", ["limits.diskBytes"] = "-DiskLimit",
        ["limits"] = "limits of a sandbox", ["retention"] = "-Retention", ["sleepAfter"] = "-SleepAfterSeconds", ["temporary"] = "-Temporary",
        ["requireIsolation"] = "-RequireIsolation",
        ["defaultSession"] = "-DefaultSession", ["cwd"] = "-WorkingDirectory", ["timeoutMs"] = "-TimeoutSeconds",
        ["commandTimeoutMs"] = "-CommandTimeoutSeconds", ["stdin"] = "pipeline input", ["stdinOpen"] = "open input", ["language"] = "-Language",
        ["branch"] = "-Branch", ["tag"] = "-Tag", ["commit"] = "-Commit", ["depth"] = "-Depth", ["destination"] = "-Destination",
    };

    /// <summary>Whether a failure is one that the module reports; any other is a defect and is not hidden.</summary>
    /// <param name="exception">The failure.</param>
    public static bool IsExpected(Exception exception) =>
        exception is ApiException or ServerUnreachableException or ConnectionLostException or TimeoutException;

    /// <summary>Whether the error affects all further operations of the command. One from a sandbox never affects another sandbox.</summary>
    /// <param name="exception">The failure.</param>
    public static bool IsFatal(Exception exception) => exception is ApiException
    {
        IsFromSandbox: false,
        Code: ErrorCodes.Unauthorized or ErrorCodes.IsolationUnavailable or ErrorCodes.ServerNotInstalled or ErrorCodes.ServerStartFailed
            or ErrorCodes.ServerNotTrusted,
    };

    /// <summary>The record of a failed request.</summary>
    /// <param name="exception">The failure.</param>
    /// <param name="target">What it failed for.</param>
    public static ErrorRecord From(Exception exception, object? target) => exception switch
    {
        ApiException { Code: ErrorCodes.Unsupported, Field: { } field } e when e.Message.Contains($"'{field}'", StringComparison.Ordinal) =>
            From(new ApiException(e.Code, UnsupportedField(field), e) { Status = e.Status, RequestId = e.RequestId }, target),
        ApiException e => With(e.Kind.RecommendedAction, new(e, PascalCase(e.Code), Enum.Parse<ErrorCategory>(e.Kind.Category), target)),
        ServerUnreachableException e => With(
            "Check the address, and that the server is running.", new(e, "ServerUnreachable", ErrorCategory.ConnectionError, e.Server)),
        ConnectionLostException e => With(
            "Check whether the operation was carried out before you repeat it.", new(e, "ConnectionLost", ErrorCategory.ConnectionError, target)),
        TimeoutException e => With(
            "Check the server with Test-SandboxServer, then try again.", new(e, "RequestTimedOut", ErrorCategory.OperationTimeout, target)),
        _ => throw new ArgumentException($"Unexpected exception type {exception.GetType().Name}.", nameof(exception), exception),
    };

    /// <summary>A parameter value or combination of parameters is invalid.</summary>
    /// <param name="message">What and why.</param>
    /// <param name="target">The value.</param>
    public static ErrorRecord InvalidArgument(string message, object? target) =>
        new(new ArgumentException(message), "InvalidArgument", ErrorCategory.InvalidArgument, target);

    /// <summary>A session, process or context object belongs to another sandbox than <c>-Sandbox</c>.</summary>
    /// <param name="resource">The session, process or context.</param>
    /// <param name="sandboxId">The sandbox.</param>
    public static ErrorRecord SandboxMismatch(string resource, string sandboxId) => new(
        new ArgumentException($"'{resource}' is not in the sandbox '{sandboxId}'. Omit -Sandbox."),
        "SandboxMismatch", ErrorCategory.InvalidArgument, resource);

    /// <summary>A sandbox or session came from the pipeline although a parameter specifies one.</summary>
    /// <param name="target">The piped one.</param>
    public static ErrorRecord TargetGivenTwice(object target) => new(
        new InvalidOperationException($"'{target}' came from the pipeline, but -Session or -Sandbox is also specified. Use only one of them."),
        "TargetGivenTwice", ErrorCategory.InvalidArgument, target);

    /// <summary>The pipeline input is neither a target nor input of a command.</summary>
    /// <param name="input">The input.</param>
    public static ErrorRecord BadInput(object? input) => InvalidArgument(
        input is null
            ? "The input is null. Was a variable mistyped? Pipe a session, a sandbox, text or bytes, or nothing."
            : "The input is a session or sandbox object without the properties Id and, for a session, SandboxId.",
        input);

    /// <summary>Reading an input stream failed.</summary>
    /// <param name="exception">The failure.</param>
    public static ErrorRecord InputFailed(Exception exception) => new(
        new IOException($"Reading the input failed, so the command was stopped: {exception.Message}", exception),
        "InputFailed", ErrorCategory.ReadError, null);

    /// <summary>An unexpected exception in a background task.</summary>
    /// <param name="exception">The failure.</param>
    public static ErrorRecord Unexpected(Exception exception) => new(exception, "Unexpected", ErrorCategory.NotSpecified, null);

    /// <summary>No variable has this name.</summary>
    /// <param name="name">The name.</param>
    /// <param name="owner">The sandbox or session.</param>
    public static ErrorRecord VariableNotFound(string name, SandboxHandle owner) => With("List the variables with Get-SandboxEnv.", new(
        new ItemNotFoundException($"There is no environment variable '{name}' in '{owner}'."),
        "VariableNotFound", ErrorCategory.ObjectNotFound, name));

    /// <summary>A local file could not be read or written.</summary>
    /// <param name="exception">Why.</param>
    /// <param name="target">What was copied.</param>
    public static ErrorRecord LocalFileFailed(Exception exception, object? target) => new(
        exception, "LocalFileFailed", exception is UnauthorizedAccessException ? ErrorCategory.PermissionDenied : ErrorCategory.WriteError, target);

    /// <summary>A command was stopped by its time limit.</summary>
    /// <param name="target">The sandbox or session.</param>
    /// <param name="exit">The exit status.</param>
    public static ErrorRecord CommandTimedOut(SandboxHandle target, ExecExit exit) => TimedOut(
        $"The command in '{target}' timed out after {exit.DurationMs / 1000:0.0##} s and was stopped. "
        + $"Its output up to then is available{AfterStop(target, exit)}.", target.ToString());

    /// <summary>A command exited with a non-zero code and <c>-ErrorOnNonZeroExit</c> or <c>$PSNativeCommandUseErrorActionPreference</c> is set.</summary>
    /// <param name="target">The sandbox or session.</param>
    /// <param name="exit">The exit status.</param>
    public static ErrorRecord CommandExitedNonZero(SandboxHandle target, ExecExit exit) => new(
        new InvalidOperationException(exit.Signal is null
            ? $"The command in '{target}' exited with code {exit.ExitCode}."
            : $"The command in '{target}' was terminated by signal {exit.Signal} (exit code {exit.ExitCode})."),
        "CommandExitedNonZero", ErrorCategory.InvalidResult, target.ToString());

    /// <summary>A process exited before the awaited condition was met.</summary>
    /// <param name="process">The process.</param>
    /// <param name="awaited">The awaited condition.</param>
    /// <param name="lastLines">The last it printed.</param>
    public static ErrorRecord ProcessEnded(SandboxProcess process, string awaited, IReadOnlyCollection<string> lastLines)
    {
        string how = process.ExitCode is { } code ? $"exited with code {code}" : "was lost";
        string said = lastLines.Count == 0 ? "It printed no output." : $"Its last lines: {string.Concat(lastLines.Select(line => "\n" + line))}";
        return With(ErrorCodes.Find(ErrorCodes.ProcessEnded).RecommendedAction, new(
            new InvalidOperationException($"The process '{process}' {how} while waiting for {awaited}. {said}"),
            "ProcessEnded", ErrorCategory.InvalidResult, process));
    }

    /// <summary>A wait timed out.</summary>
    /// <param name="process">The process.</param>
    /// <param name="awaited">The awaited condition.</param>
    /// <param name="seconds">The limit.</param>
    public static ErrorRecord WaitTimedOut(SandboxProcess process, string awaited, double seconds) => With(
        "Read its output with Get-SandboxProcessOutput, or wait again.", new(
        new TimeoutException($"Timed out after {seconds:0.###} s waiting for {awaited}. The process '{process}' is still running."),
        "WaitTimedOut", ErrorCategory.OperationTimeout, process));

    /// <summary>The requested output was not retained.</summary>
    /// <param name="source">The command or process.</param>
    /// <param name="missing">The number of bytes.</param>
    public static string OutputMissing(string source, long missing) => $"{missing} bytes of output of '{source}' were discarded and are missing.";

    /// <summary>Code was stopped by its time limit.</summary>
    /// <param name="run">The run.</param>
    /// <param name="exit">The exit status.</param>
    public static ErrorRecord CodeTimedOut(string run, CodeExit exit) => TimedOut(
        $"The code in '{run}' timed out after {exit.DurationMs / 1000:0.0##} s and was interrupted. The context can still be used.", run);

    /// <summary>Code failed.</summary>
    /// <param name="run">The run.</param>
    /// <param name="error">Why.</param>
    public static ErrorRecord CodeFailed(string run, SandboxCodeError error) => new(
        new InvalidOperationException(
            $"The code in '{run}' failed. {error}{string.Concat(error.Traceback.Where(line => line != error.ToString()).Select(line => "\n" + line))}"),
        "CodeFailed", ErrorCategory.InvalidResult, error);

    /// <summary>An image result could not be saved.</summary>
    /// <param name="failure">Why.</param>
    /// <param name="run">The run.</param>
    public static ErrorRecord ResultNotSaved(Exception failure, string run) => new(
        failure, "ResultNotSaved", ErrorCategory.WriteError, run);

    /// <summary>A line of a command's standard error, for <c>-StandardError Error</c>.</summary>
    /// <param name="line">The line.</param>
    /// <param name="source">The sandbox or session of the command.</param>
    public static ErrorRecord StandardErrorLine(string line, object source) =>
        new(new RemoteException(line), "StandardErrorLine", ErrorCategory.FromStdErr, source.ToString());

    /// <summary>There is no interactive console.</summary>
    /// <param name="reason">Why not.</param>
    public static ErrorRecord ConsoleRequired(string reason) => new(
        new InvalidOperationException($"{reason}. Enter-SandboxSession needs an interactive console. Use Invoke-SandboxCommand in scripts."),
        "ConsoleRequired", ErrorCategory.ResourceUnavailable, null);

    /// <summary>A local port is not available.</summary>
    /// <param name="localPort">The port.</param>
    /// <param name="cause">Why.</param>
    public static ErrorRecord LocalPortUnavailable(int localPort, System.Net.Sockets.SocketException cause) => new(
        new InvalidOperationException(
            $"The local port {localPort} cannot be used: {cause.Message}. Choose another one with -LocalPort, or omit -LocalPort to use any free port.", cause),
        "LocalPortUnavailable", ErrorCategory.ResourceUnavailable, localPort);

    /// <summary>The local port is not forwarded.</summary>
    /// <param name="localPort">The port.</param>
    /// <param name="reason">Why forwarding ended; null when it was never forwarded or the user ended it.</param>
    public static ErrorRecord PortForwardNotFound(int localPort, string? reason) => new(
        new ItemNotFoundException(reason is null
            ? $"Local port {localPort} is not forwarded by this process. Run Get-SandboxPort to list the forwarded ports."
            : $"Forwarding of local port {localPort} has ended: {reason}"),
        "PortForwardNotFound", ErrorCategory.ObjectNotFound, localPort);

    /// <summary>Makes the message of an error safe to show, unless it is output itself.</summary>
    /// <param name="record">The error.</param>
    public static ErrorRecord Clean(ErrorRecord record)
    {
        string message = record.ErrorDetails?.Message ?? record.Exception.Message;
        if (record.CategoryInfo.Category != ErrorCategory.FromStdErr && DisplayText.CleanLines(message) is var clean && clean != message)
        {
            record.ErrorDetails = new(clean) { RecommendedAction = record.ErrorDetails?.RecommendedAction };
        }

        return record;
    }

    /// <summary>Makes the texts of a progress record safe to show.</summary>
    /// <param name="record">The progress.</param>
    public static ProgressRecord Clean(ProgressRecord record)
    {
        record.Activity = DisplayText.Clean(record.Activity);
        record.StatusDescription = DisplayText.Clean(record.StatusDescription);
        if (record.CurrentOperation is { } operation)
        {
            record.CurrentOperation = DisplayText.Clean(operation);
        }

        return record;
    }

    // Users know parameters, not fields of requests.
    private static string UnsupportedField(string field) => Parameters.TryGetValue(field, out string? parameter)
        ? $"The server does not support {parameter}. Omit it, or use a server that supports it."
        : "The server does not support a parameter of this command. Omit optional parameters, or use a server of the version of this module.";

    private static ErrorRecord TimedOut(string sentence, string target) => With(
        ErrorCodes.Find(ErrorCodes.CommandTimedOut).RecommendedAction,
        new(new TimeoutException(sentence), "CommandTimedOut", ErrorCategory.OperationTimeout, target));

    private static ErrorRecord With(string? recommendedAction, ErrorRecord record)
    {
        record.ErrorDetails = recommendedAction is null ? null : new(record.Exception.Message) { RecommendedAction = recommendedAction };
        return record;
    }

    // A temporary session prints no message.
    private static string AfterStop(SandboxHandle target, ExecExit exit) =>
        target.SessionId is null ? "" : exit.ShellRestarted ? "; the session continues with a new shell" : "; the session can still be used";

    private static string PascalCase(string code) =>
        string.Concat(code.Split('_', StringSplitOptions.RemoveEmptyEntries).Select(word => char.ToUpperInvariant(word[0]) + word[1..]));
}
