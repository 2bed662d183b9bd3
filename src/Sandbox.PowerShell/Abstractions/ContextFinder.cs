using System.Management.Automation;
using Sandbox.Protocol;

namespace Sandbox;

/// <summary>Finds code contexts by id or pattern. A pattern without a match is no error; an unknown id is.</summary>
internal static class ContextFinder
{
    /// <summary>The contexts a reference means.</summary>
    /// <param name="cmdlet">The cmdlet, which reports what is not found.</param>
    /// <param name="context">The context's id or pattern, perhaps with its sandbox.</param>
    /// <param name="sandboxes">The sandboxes named, perhaps by pattern; null for none.</param>
    public static IEnumerable<SandboxCodeContext> FindContexts(this SandboxCommandBase cmdlet, ContextReference context, SandboxReference[]? sandboxes) =>
        cmdlet.Places(context, sandboxes).SelectMany(found => cmdlet.FindContextsIn(found.Place, context.Id, found.IsOneOfMany));

    private static SandboxCodeContext[] FindContextsIn(this SandboxCommandBase cmdlet, SandboxTarget target, string id, bool isOneOfMany)
    {
        if (!cmdlet.TryInvoke(target.SandboxId, token => ListAsync(target, isOneOfMany, token), out IReadOnlyList<ContextInfo>? all))
        {
            return [];
        }

        bool isPattern = WildcardPattern.ContainsWildcardCharacters(id);
        WildcardPattern pattern = new(id, isPattern ? WildcardOptions.IgnoreCase : WildcardOptions.None);
        SandboxCodeContext[] found = [.. all.Where(info => pattern.IsMatch(info.Id)).Select(info => new SandboxCodeContext(info, target.SandboxId, target.Client.Server))];
        if (found.Length == 0 && !isPattern && !isOneOfMany)
        {
            cmdlet.Report(new ApiException(ErrorCodes.ContextNotFound, $"The sandbox '{target.SandboxId}' has no code context '{id}'."), $"{target.SandboxId}/{id}");
        }

        return found;
    }

    private static async Task<IReadOnlyList<ContextInfo>> ListAsync(SandboxTarget target, bool isOneOfMany, CancellationToken cancellationToken)
    {
        try
        {
            return await target.Client.GetContextsAsync(target.SandboxId, cancellationToken);
        }
        catch (ApiException e) when ((e.Code == ErrorCodes.SandboxNotFound && (isOneOfMany || target.IsAutomatic)) || e.Code == ErrorCodes.SandboxStopped)
        {
            // Contexts end with the processes of their sandbox: a stopped or missing sandbox has none.
            return [];
        }
    }
}
