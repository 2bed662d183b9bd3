using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Management.Automation;
using Sandbox.Client;
using Sandbox.Protocol;

namespace Sandbox;

/// <summary>Base of all cmdlets: the stop token, the clients of servers, errors, and verbose messages from any thread.</summary>
public abstract class SandboxCommandBase : PSCmdlet, IDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentQueue<(bool IsWarning, string Text)> _messages = new();
    private readonly Dictionary<string, SandboxClient> _clients = new(StringComparer.Ordinal);

    // The default server, resolved once, so that one pipeline always uses the same server.
    private SandboxClient? _default;

    private ModuleState? _moduleState;

    private IDisposable? _termination;

    /// <summary>The state of the runspace that the cmdlet runs in. The pipeline's thread must get it first; then any thread may.</summary>
    internal ModuleState ModuleState => _moduleState ??= Begin();

    /// <summary>Is cancelled when the user stops the command.</summary>
    internal CancellationToken StopToken => _stop.Token;

    /// <inheritdoc />
    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    /// <inheritdoc />
    protected override void StopProcessing()
    {
        try
        {
            _stop.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // Called on another thread, possibly after the end.
        }
    }

    /// <inheritdoc cref="Dispose()" />
    /// <param name="disposing">Whether the call is not a finalizer's.</param>
    protected virtual void Dispose(bool disposing)
    {
        if (disposing)
        {
            _termination?.Dispose();
            _stop.Dispose();
        }
    }

    // What is shown may contain names and messages from a sandbox: the cmdlet's own methods are hidden, so that no cmdlet shows them as they are.

    /// <inheritdoc cref="Cmdlet.WriteWarning" />
    internal new void WriteWarning(string text) => base.WriteWarning(DisplayText.CleanLines(text));

    /// <inheritdoc cref="Cmdlet.WriteVerbose" />
    internal new void WriteVerbose(string text) => base.WriteVerbose(DisplayText.CleanLines(text));

    /// <inheritdoc cref="Cmdlet.WriteProgress(ProgressRecord)" />
    internal new void WriteProgress(ProgressRecord record) => base.WriteProgress(Errors.Clean(record));

    /// <inheritdoc cref="Cmdlet.WriteError" />
    internal new void WriteError(ErrorRecord error) => base.WriteError(Errors.Clean(error));

    /// <inheritdoc cref="Cmdlet.ThrowTerminatingError" />
    internal new void ThrowTerminatingError(ErrorRecord error) => base.ThrowTerminatingError(Errors.Clean(error));

    /// <inheritdoc cref="Cmdlet.ShouldProcess(string, string)" />
    internal new bool ShouldProcess(string target, string action) => base.ShouldProcess(DisplayText.Clean(target), DisplayText.CleanLines(action));

    /// <summary>The client of a server.</summary>
    /// <param name="server">Its address, as an object carried it; null for the default one, which is started when it is the local one.</param>
    internal SandboxClient ClientOf(string? server)
    {
        if (server is null)
        {
            return _default ??= ClientOf(ModuleState.Connection);
        }

        if (!_clients.TryGetValue(server, out SandboxClient? client))
        {
            _clients.Add(server, client = RunOrTerminate(server, () => ModuleState.Clients.Get(server)).WithTrace(Trace));
        }

        return client;
    }

    /// <summary>Waits for a request on the pipeline's thread.</summary>
    /// <param name="request">The request.</param>
    internal T Wait<T>(Func<CancellationToken, Task<T>> request)
    {
        try
        {
            return request(StopToken).GetAwaiter().GetResult();
        }
        catch (OperationCanceledException) when (StopToken.IsCancellationRequested)
        {
            throw new PipelineStoppedException();
        }
        finally
        {
            FlushMessages();
        }
    }

    /// <summary>Runs one of many operations. A failure is a non-terminating error, unless it affects the remaining operations too.</summary>
    /// <param name="target">The target, for the error.</param>
    /// <param name="request">The operation.</param>
    /// <param name="result">Its result.</param>
    internal bool TryInvoke<T>(object? target, Func<CancellationToken, Task<T>> request, [MaybeNullWhen(false)] out T result)
    {
        T? value = default;
        bool isDone = TryRun(target, () => value = Wait(request));
        result = value;
        return isDone;
    }

    /// <inheritdoc cref="TryInvoke{T}" />
    internal bool TryInvoke(object? target, Func<CancellationToken, Task> request) => TryInvoke(target, async cancellationToken =>
    {
        await request(cancellationToken);
        return true;
    }, out _);

    /// <summary>Runs one of many operations that waits by itself.</summary>
    /// <inheritdoc cref="TryInvoke{T}" />
    internal bool TryRun(object? target, Action operation)
    {
        try
        {
            operation();
            return true;
        }
        catch (Exception e) when (Errors.IsExpected(e))
        {
            Report(e, target);
            return false;
        }
    }

    /// <summary>Writes objects one by one: the engine passes a collection on only after its last object.</summary>
    /// <param name="objects">The objects.</param>
    private protected void Write(IEnumerable<object> objects)
    {
        foreach (object item in objects)
        {
            WriteObject(item);
        }
    }

    /// <summary>Does the same to each target that the user confirms. A failure is reported, and the next target follows.</summary>
    /// <param name="targets">The targets.</param>
    /// <param name="action">What is done, for the confirmation.</param>
    /// <param name="request">The operation. Returns the object to write; null for none.</param>
    private protected void ForEach<T>(IEnumerable<T> targets, string action, Func<T, CancellationToken, Task<object?>> request)
        where T : notnull
    {
        foreach (T target in targets)
        {
            if (ShouldProcess(target.ToString()!, action)
                && TryInvoke(target is RemotePath path ? path.Display : target.ToString(), token => request(target, token), out object? result)
                && result is not null)
            {
                WriteObject(result);
            }
        }
    }

    // The same, for what returns nothing.
    private protected void ForEach<T>(IEnumerable<T> targets, string action, Func<T, CancellationToken, Task> request)
        where T : notnull => ForEach(targets, action, async (target, token) =>
        {
            await request(target, token);
            return (object?)null;
        });

    /// <summary>Reports an error; a fatal one terminates the command.</summary>
    /// <param name="exception">The failure.</param>
    /// <param name="target">What it failed for.</param>
    internal void Report(Exception exception, object? target) => Report(Errors.From(exception, target));

    /// <inheritdoc cref="Report(Exception, object?)" />
    internal void Report(ErrorRecord record)
    {
        if (Errors.IsFatal(record.Exception) || (record.Exception is ServerUnreachableException unreachable && unreachable.Server == _default?.Server))
        {
            ThrowTerminatingError(record);
        }

        WriteError(record);
    }

    /// <summary>Reads a table of variables, or ends the command with <c>InvalidArgument</c>.</summary>
    /// <param name="variables">The table.</param>
    internal EnvironmentMap ReadEnvironment(System.Collections.IDictionary? variables)
    {
        try
        {
            return EnvironmentMap.From(variables);
        }
        catch (ArgumentException e)
        {
            ThrowTerminatingError(Errors.InvalidArgument(e.Message, null));
            throw;
        }
    }

    /// <summary>Writes a verbose message. Thread-safe.</summary>
    /// <param name="line">The message.</param>
    internal void WriteVerboseLater(string line) => _messages.Enqueue((false, line));

    /// <summary>Warns about limitations of a new sandbox, each only once per runspace. Thread-safe.</summary>
    /// <param name="warnings">The warnings; null for none.</param>
    internal void Warn(IEnumerable<string>? warnings)
    {
        foreach (string warning in ModuleState.Warnings.TakeNew(warnings))
        {
            _messages.Enqueue((true, warning));
        }
    }

    /// <summary>Writes the messages of other threads. Only the pipeline's thread may call it.</summary>
    internal void FlushMessages()
    {
        while (_messages.TryDequeue(out (bool IsWarning, string Text) message))
        {
            if (message.IsWarning)
            {
                WriteWarning(message.Text);
            }
            else
            {
                WriteVerbose(message.Text);
            }
        }
    }

    /// <summary>The client of the server that a connection means.</summary>
    /// <param name="connection">The connection; null for none.</param>
    private protected SandboxClient ClientOf(ServerConnection? connection) => RunOrTerminate(connection?.Endpoint?.Text, () => FindClient(connection));

    /// <summary>The client of the server in use, or the failure to find it.</summary>
    private protected SandboxClient FindClient() => FindClient(ModuleState.Connection);

    /// <summary>Runs an operation whose failure is a terminating error.</summary>
    /// <param name="target">The target, for the error.</param>
    /// <param name="action">The operation.</param>
    private protected T RunOrTerminate<T>(object? target, Func<T> action)
    {
        try
        {
            return action();
        }
        catch (Exception e) when (Errors.IsExpected(e))
        {
            ThrowTerminatingError(Errors.From(e, target));
            throw;
        }
    }

    /// <summary>Writes a verbose message about a request. Thread-safe.</summary>
    /// <param name="trace">The request.</param>
    private protected void Trace(RequestTrace trace)
    {
        ModuleState.Changes.Note(trace);
        WriteVerboseLater(trace.ToString());
    }

    // Not in the constructor: a cmdlet that is made for completion only is never disposed.
    private ModuleState Begin()
    {
        _termination = TerminationSignals.Register(StopProcessing);
        return ModuleState.Current;
    }

    private SandboxClient FindClient(ServerConnection? connection) =>
        Wait(async cancellationToken => await ModuleState.Clients.GetDefaultAsync(connection, WriteVerboseLater, cancellationToken)).WithTrace(Trace);
}
