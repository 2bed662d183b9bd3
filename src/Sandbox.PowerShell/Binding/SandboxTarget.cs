using Sandbox.Client;
using Sandbox.Protocol;

namespace Sandbox;

/// <summary>The target of an operation: a sandbox or a session.</summary>
/// <param name="client">The server's client.</param>
/// <param name="sandboxId">The sandbox.</param>
/// <param name="sessionId">The session; null for the sandbox itself.</param>
/// <param name="onMade">Receives the warnings when the default sandbox is created; null for a sandbox that must exist.</param>
internal sealed class SandboxTarget(SandboxClient client, string sandboxId, string? sessionId = null, Action<IEnumerable<string>?>? onMade = null)
{
    /// <summary>The id of the default sandbox and of the default session.</summary>
    public const string DefaultId = "default";

    private const int LooksWhileMade = 250;

    private static readonly TimeSpan PauseWhileMade = TimeSpan.FromMilliseconds(20);

    /// <summary>The server's client.</summary>
    public SandboxClient Client { get; } = client;

    /// <summary>The sandbox.</summary>
    public string SandboxId { get; } = sandboxId;

    /// <summary>The session; null for the sandbox itself.</summary>
    public string? SessionId { get; } = sessionId;

    /// <summary>Whether it is the sandbox that is made on first use, because none was named.</summary>
    public bool IsAutomatic => onMade is not null;

    /// <summary>Returns the same target with other trace and warning handlers.</summary>
    /// <param name="trace">Receives a record of each request, on any thread.</param>
    /// <param name="warn">Receives the warnings when the default sandbox is created.</param>
    public SandboxTarget WithHandlers(Action<RequestTrace> trace, Action<IEnumerable<string>?> warn) =>
        new(Client.WithTrace(trace), SandboxId, SessionId, IsAutomatic ? warn : null);

    /// <summary>Returns a session of the sandbox.</summary>
    /// <param name="id">The session.</param>
    public SandboxTarget InSession(string id) => new(Client, SandboxId, id, onMade);

    /// <summary>Runs an operation in the sandbox, creating the default sandbox if it is missing.</summary>
    /// <param name="action">What is done.</param>
    /// <param name="cancellationToken">Cancels the request.</param>
    public async Task<T> UseAsync<T>(Func<Task<T>> action, CancellationToken cancellationToken)
    {
        try
        {
            return await action();
        }
        catch (ApiException e) when (IsAutomatic && e.Code == ErrorCodes.SandboxNotFound)
        {
            // A new sandbox would not have the session either.
            if (SessionId is not null)
            {
                throw new ApiException(ErrorCodes.SessionNotFound, $"There is no session '{SessionId}' in the sandbox '{SandboxId}'.", e);
            }

            return await TryMakeAsync(cancellationToken) ? await action() : await UseWhenMadeAsync(action, cancellationToken);
        }
    }

    /// <summary>Returns the target, or the session <c>default</c> of a sandbox that has one.</summary>
    /// <param name="cancellationToken">Cancels the request.</param>
    public async Task<SandboxTarget> ToDefaultSessionAsync(CancellationToken cancellationToken) =>
        SessionId is null && (await Client.GetSandboxAsync(SandboxId, cancellationToken)).DefaultSession
            ? new SandboxTarget(Client, SandboxId, DefaultId)
            : this;

    /// <inheritdoc />
    public override string ToString() => SessionId is null ? SandboxId : $"{SandboxId}/{SessionId}";

    // False when another process has just created it.
    private async Task<bool> TryMakeAsync(CancellationToken cancellationToken)
    {
        try
        {
            onMade?.Invoke((await Client.CreateSandboxAsync(new() { Id = SandboxId }, cancellationToken)).Warnings);
            return true;
        }
        catch (ApiException e) when (e.Code == ErrorCodes.SandboxExists)
        {
            return false;
        }
    }

    private static async Task<T> UseWhenMadeAsync<T>(Func<Task<T>> action, CancellationToken cancellationToken)
    {
        for (int left = LooksWhileMade; ; left--)
        {
            try
            {
                return await action();
            }
            catch (ApiException e) when (e.Code == ErrorCodes.SandboxNotFound && left > 0)
            {
                await Task.Delay(PauseWhileMade, cancellationToken);
            }
        }
    }
}

/// <summary>The target of an operation: a process or code context, by id; it may not exist.</summary>
/// <param name="Sandbox">Its sandbox.</param>
/// <param name="Id">Its id.</param>
internal sealed record ResourceTarget(SandboxTarget Sandbox, string Id)
{
    /// <summary>Its server's client.</summary>
    public SandboxClient Client => Sandbox.Client;

    /// <summary>Its sandbox.</summary>
    public string SandboxId => Sandbox.SandboxId;

    /// <inheritdoc />
    public override string ToString() => $"{SandboxId}/{Id}";
}
