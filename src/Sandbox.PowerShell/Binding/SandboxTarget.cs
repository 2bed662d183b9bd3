using Sandbox.Client;
using Sandbox.Protocol;

namespace Sandbox;

/// <summary>The target of an operation: a sandbox or a session.</summary>
/// <param name="sandbox">The sandbox or session.</param>
/// <param name="onMade">Receives the warnings when the default sandbox is created; null for a sandbox that must exist.</param>
internal sealed class SandboxTarget(SandboxHandle sandbox, Action<IEnumerable<string>?>? onMade = null)
{
    /// <summary>The id of the default sandbox and of the default session.</summary>
    public const string DefaultId = "default";

    private const int LooksWhileMade = 250;

    private static readonly TimeSpan PauseWhileMade = TimeSpan.FromMilliseconds(20);

    /// <summary>The sandbox or session.</summary>
    public SandboxHandle Sandbox { get; } = sandbox;

    /// <summary>The id of the sandbox.</summary>
    public string SandboxId => Sandbox.Id;

    /// <summary>The id of the session; null for the sandbox itself.</summary>
    public string? SessionId => Sandbox.SessionId;

    /// <summary>Whether it is the default sandbox, which is created on first use.</summary>
    public bool IsAutomatic => onMade is not null;

    /// <summary>Returns the same target with other trace and warning handlers.</summary>
    /// <param name="trace">Receives a record of each request, on any thread.</param>
    /// <param name="warn">Receives the warnings when the default sandbox is created.</param>
    public SandboxTarget WithHandlers(Action<RequestTrace> trace, Action<IEnumerable<string>?> warn) =>
        new(Sandbox with { Client = Sandbox.Client.WithTrace(trace) }, IsAutomatic ? warn : null);

    /// <summary>Returns a session of the sandbox.</summary>
    /// <param name="id">The session.</param>
    public SandboxTarget InSession(string id) => new(Sandbox.Session(id), onMade);

    /// <summary>Runs an operation in the sandbox, creating the default sandbox if it is missing.</summary>
    /// <param name="action">The operation.</param>
    public async Task<T> UseAsync<T>(Func<SandboxHandle, Task<T>> action, CancellationToken cancellationToken)
    {
        try
        {
            return await action(Sandbox);
        }
        catch (ApiException e) when (IsAutomatic && e.Code == ErrorCodes.SandboxNotFound)
        {
            // A new sandbox would not have the session either.
            if (SessionId is not null)
            {
                throw new ApiException(ErrorCodes.SessionNotFound, $"There is no session '{SessionId}' in the sandbox '{SandboxId}'.", e);
            }

            return await TryMakeAsync(cancellationToken) ? await action(Sandbox) : await UseWhenMadeAsync(action, cancellationToken);
        }
    }

    /// <summary>Returns the sandbox or session, or the session <c>default</c> of a sandbox that has one.</summary>
    public async Task<SandboxHandle> ToDefaultSessionAsync(CancellationToken cancellationToken) =>
        SessionId is null && (await Sandbox.GetAsync(cancellationToken)).DefaultSession ? Sandbox.Session(DefaultId) : Sandbox;

    /// <inheritdoc />
    public override string ToString() => Sandbox.ToString();

    // False when another process has just created it.
    private async Task<bool> TryMakeAsync(CancellationToken cancellationToken)
    {
        try
        {
            onMade?.Invoke((await Sandbox.Client.CreateSandboxAsync(new() { Id = SandboxId }, cancellationToken)).Warnings);
            return true;
        }
        catch (ApiException e) when (e.Code == ErrorCodes.SandboxExists)
        {
            return false;
        }
    }

    private async Task<T> UseWhenMadeAsync<T>(Func<SandboxHandle, Task<T>> action, CancellationToken cancellationToken)
    {
        for (int left = LooksWhileMade; ; left--)
        {
            try
            {
                return await action(Sandbox);
            }
            catch (ApiException e) when (e.Code == ErrorCodes.SandboxNotFound && left > 0)
            {
                await Task.Delay(PauseWhileMade, cancellationToken);
            }
        }
    }
}
