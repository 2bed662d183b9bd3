using Sandbox.Protocol;
using Sandbox.Server.Engines;
using Sandbox.Server.Infrastructure;

namespace Sandbox.Server.Sandboxes;

/// <summary>Launches sandboxes until the server is stopped.</summary>
internal sealed class SandboxLauncher
{
    private static readonly TimeSpan LaunchLimit = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan AnswerLimit = TimeSpan.FromSeconds(5);
    private volatile bool _isClosed;

    /// <summary>Refuses all launches from now on.</summary>
    public void Close() => _isClosed = true;

    /// <summary>Launches a sandbox and waits until its agent answers. A failed launch leaves nothing behind.</summary>
    /// <exception cref="ApiException">The host cannot isolate it, or the agent does not answer.</exception>
    public async Task LaunchAsync(
        string id, IEngineInstance instance, LaunchSpec spec, Action saveState, AgentConfiguration? configuration, CancellationToken cancellationToken)
    {
        RequireOpen();
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(LaunchLimit);
        await instance.LaunchAsync(spec, saveState);
        try
        {
            await AgentConnection.HandshakeAsync(token => AgentConnection.ConnectAsync(instance, token), configuration, limit.Token);
        }
        catch (Exception exception)
        {
            await instance.KillAsync();
            cancellationToken.ThrowIfCancellationRequested();
            (string output, ApiException? error) = instance.DiagnoseStart();
            ServerLog.Write($"Sandbox '{id}' did not start: {exception.Message} {output}");
            throw error ?? new(ErrorCodes.SandboxUnavailable, "The sandbox's agent did not answer after its start. See the server's log.", exception);
        }
    }

    /// <summary>Configures the agent of a running sandbox.</summary>
    /// <exception cref="ApiException">The server is being stopped, or the agent does not answer.</exception>
    public async Task ConfigureAsync(IEngineInstance instance, AgentConfiguration configuration, CancellationToken cancellationToken)
    {
        RequireOpen();
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(AnswerLimit);
        try
        {
            await AgentConnection.HandshakeAsync(token => AgentConnection.ConnectAsync(instance, token), configuration, limit.Token);
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException or OperationCanceledException)
        {
            cancellationToken.ThrowIfCancellationRequested();
            throw new ApiException(ErrorCodes.SandboxUnavailable, "The sandbox's agent did not answer.", exception);
        }
    }

    private void RequireOpen()
    {
        if (_isClosed)
        {
            throw new ApiException(ErrorCodes.SandboxUnavailable, "The server is being stopped and starts no sandbox. Try again.");
        }
    }
}
