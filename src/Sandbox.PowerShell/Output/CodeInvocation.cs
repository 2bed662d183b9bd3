using Sandbox.Client;
using Sandbox.Protocol;

namespace Sandbox;

/// <summary>A run of code at one target, in a given context or the default one of the language. Cancelling interrupts it.</summary>
/// <param name="target">The sandbox or session.</param>
/// <param name="contextId">The context; null for the default one.</param>
/// <param name="language">The language of the default one.</param>
/// <param name="request">What to run.</param>
internal sealed class CodeInvocation(SandboxTarget target, string? contextId, string? language, CodeRunRequest request)
{
    public SandboxTarget Target { get; } = target;

    /// <summary>The context it runs in; known when the first event comes.</summary>
    public string ContextId { get; private set; } = contextId ?? "";

    /// <summary>Runs the code.</summary>
    /// <param name="onEvent">Called with each event; reading waits for it.</param>
    /// <param name="cancellationToken">Interrupts the code in the sandbox.</param>
    public async Task FollowAsync(Func<CodeEvent, ValueTask> onEvent, CancellationToken cancellationToken)
    {
        if (contextId is null)
        {
            ContextCreateRequest wanted = new() { Language = language, Default = true };
            ContextId = (await Target.UseAsync(sandbox => sandbox.CreateContextAsync(wanted, cancellationToken), cancellationToken)).Id;
        }

        using CodeReader reader = await Target.Sandbox.Context(ContextId).RunAsync(request, cancellationToken);
        await foreach (CodeEvent current in reader.ReadAsync(cancellationToken))
        {
            await onEvent(current);
        }
    }

    /// <inheritdoc />
    public override string ToString() => ContextId.Length == 0 ? Target.ToString() : $"{Target.SandboxId}/{ContextId}";
}
