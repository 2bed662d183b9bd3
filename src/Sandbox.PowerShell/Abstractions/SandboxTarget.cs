using Sandbox.Client;
using Sandbox.Protocol;

namespace Sandbox;

/// <summary>Where something is done: a sandbox, or a session in it, of a server.</summary>
/// <param name="client">The server's client.</param>
/// <param name="sandboxId">The sandbox.</param>
/// <param name="sessionId">The session; null for the sandbox itself.</param>
/// <param name="onMade">Given for the sandbox that is made on first use, because none was named: is told the warnings of the new one.</param>
internal sealed class SandboxTarget(SandboxClient client, string sandboxId, string? sessionId = null, Action<IEnumerable<string>?>? onMade = null)
{
    /// <summary>The sandbox that is meant when none is named, and the session of a sandbox that has one for such a case.</summary>
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

    /// <summary>The same place, for one who wants to be told instead.</summary>
    /// <param name="trace">Is told about each request, on any thread.</param>
    /// <param name="warn">Is told the warnings of the sandbox that is made on first use.</param>
    public SandboxTarget TellingTo(Action<RequestTrace> trace, Action<IEnumerable<string>?> warn) =>
        new(Client.WithTrace(trace), SandboxId, SessionId, IsAutomatic ? warn : null);

    /// <summary>Does something in the sandbox; the automatic one is made when it is missing.</summary>
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
            // A sandbox that is not there has no sessions; making it would not give it one.
            if (SessionId is not null)
            {
                throw new ApiException(ErrorCodes.SessionNotFound, $"There is no session '{SessionId}' in the sandbox '{SandboxId}'.", e);
            }

            return await TryMakeAsync(cancellationToken) ? await action() : await UseWhenMadeAsync(action, cancellationToken);
        }
    }

    /// <inheritdoc />
    public override string ToString() => SessionId is null ? SandboxId : $"{SandboxId}/{SessionId}";

    // False when another shell makes it just now: that one is as good.
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
