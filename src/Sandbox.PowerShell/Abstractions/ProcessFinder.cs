using System.Management.Automation;
using Sandbox.Protocol;

namespace Sandbox;

/// <summary>Finds processes by id or pattern. A pattern without a match is no error; an unknown id is.</summary>
internal static class ProcessFinder
{
    /// <summary>The processes a reference means, as they stand. Only background processes match a pattern, unless commands are asked for too.</summary>
    /// <param name="cmdlet">The cmdlet, which reports what is not found.</param>
    /// <param name="reference">The reference.</param>
    /// <param name="sandboxes">The sandboxes named, perhaps by pattern; null for none.</param>
    /// <param name="includeCommands">Whether commands match a pattern too.</param>
    public static IEnumerable<SandboxProcess> FindProcesses(this SandboxCommandBase cmdlet, ProcessReference reference, SandboxReference[]? sandboxes, bool includeCommands) =>
        cmdlet.Places(reference, sandboxes).SelectMany(found => found.IsOneOfMany || WildcardPattern.ContainsWildcardCharacters(reference.Id)
            ? cmdlet.List(found.Place, found.IsOneOfMany, new(reference.Id, WildcardOptions.IgnoreCase), includeCommands)
            : cmdlet.TryInvoke(new ProcessTarget(found.Place, reference.Id).ToString(), token => found.Place.Client.GetProcessAsync(found.Place.SandboxId, reference.Id, token), out ProcessInfo? info)
            ? [new SandboxProcess(info, found.Place.SandboxId, found.Place.Client.Server)]
            : []);

    /// <summary>The processes references mean, of which patterns alone are looked up, and completely, before anything is done to one.</summary>
    /// <param name="cmdlet">The cmdlet, which reports what is not found.</param>
    /// <param name="references">The references.</param>
    /// <param name="sandboxes">The sandboxes named, perhaps by pattern; null for none.</param>
    /// <param name="where">Which of those that a pattern matches count.</param>
    public static IEnumerable<ProcessTarget> FindProcessTargets(this SandboxCommandBase cmdlet, IEnumerable<ProcessReference> references, SandboxReference[]? sandboxes, Func<SandboxProcess, bool> where)
    {
        foreach (ProcessReference reference in references)
        {
            ProcessTarget[] targets = reference.IsPattern || sandboxes?.Any(sandbox => sandbox.IsPattern) == true
                ? [.. cmdlet.FindProcesses(reference, sandboxes, includeCommands: false).Where(where)
                    .Select(process => new ProcessTarget(new SandboxTarget(cmdlet.ClientOf(process.Server), process.SandboxId), process.Id))]
                : [.. cmdlet.Places(reference, sandboxes).Select(found => new ProcessTarget(found.Place, reference.Id))];
            foreach (ProcessTarget target in targets)
            {
                yield return target;
            }
        }
    }

    /// <summary>The sandboxes in which what a reference means is looked for. A contradiction is reported and left out.</summary>
    /// <param name="cmdlet">The cmdlet.</param>
    /// <param name="reference">The reference.</param>
    /// <param name="sandboxes">The sandboxes named, perhaps by pattern; null for none.</param>
    /// <returns>Each, and whether it is one of many that a pattern matches.</returns>
    public static IEnumerable<(SandboxTarget Place, bool IsOneOfMany)> Places(this SandboxCommandBase cmdlet, ResourceReference reference, SandboxReference[]? sandboxes)
    {
        if (reference.SandboxId is { } own)
        {
            if (sandboxes?.Any(sandbox => new WildcardPattern(sandbox.Id, WildcardOptions.IgnoreCase).IsMatch(own)) == false)
            {
                cmdlet.WriteError(Errors.SandboxMismatch(reference, sandboxes[0]));
                return [];
            }

            sandboxes = [new SandboxReference(own) { Server = reference.Server }];
        }

        return sandboxes is null
            ? cmdlet.Resolve(null, null).Select(place => (place, false))
            : sandboxes.SelectMany(sandbox => sandbox.IsPattern
                ? cmdlet.FindSandboxes(sandbox).Where(found => found.State == SandboxState.Running).Select(found => (new SandboxTarget(cmdlet.ClientOf(found.Server), found.Id), true))
                : [(new SandboxTarget(cmdlet.ClientOf(sandbox.Server), sandbox.Id), false)]);
    }

    private static IEnumerable<SandboxProcess> List(this SandboxCommandBase cmdlet, SandboxTarget place, bool isOneOfMany, WildcardPattern pattern, bool includeCommands) =>
        cmdlet.TryInvoke(place.ToString(), token => ListAsync(place, isOneOfMany, includeCommands, token), out IReadOnlyList<ProcessInfo>? all)
            ? all.Where(process => pattern.IsMatch(process.Id)).Select(process => new SandboxProcess(process, place.SandboxId, place.Client.Server))
            : [];

    private static async Task<IReadOnlyList<ProcessInfo>> ListAsync(SandboxTarget place, bool isOneOfMany, bool includeCommands, CancellationToken cancellationToken)
    {
        try
        {
            return await place.Client.GetProcessesAsync(place.SandboxId, includeCommands, wake: !isOneOfMany, cancellationToken);
        }
        catch (ApiException e) when ((e.Code == ErrorCodes.SandboxNotFound && (isOneOfMany || place.IsAutomatic)) || e.Code == ErrorCodes.SandboxStopped)
        {
            // Listing many sandboxes starts none of them.
            return [];
        }
    }
}
