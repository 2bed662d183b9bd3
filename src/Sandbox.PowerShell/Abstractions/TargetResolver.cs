namespace Sandbox;

/// <summary>Resolves <c>-Session</c> and <c>-Sandbox</c> to targets.</summary>
internal static class TargetResolver
{
    /// <summary>Returns the targets. A contradiction is reported and skipped.</summary>
    /// <param name="cmdlet">The cmdlet.</param>
    /// <param name="sessions">The sessions named; null for none.</param>
    /// <param name="sandboxes">The sandboxes named; null for none, which means the automatic one.</param>
    public static IEnumerable<SandboxTarget> Resolve(this SandboxCommandBase cmdlet, SessionReference[]? sessions, SandboxReference[]? sandboxes)
    {
        if (sessions is null)
        {
            return sandboxes is null
                ? [new SandboxTarget(cmdlet.ClientOf(null), cmdlet.ModuleState.DefaultSandbox, onMade: cmdlet.Warn)]
                : sandboxes.Select(sandbox => new SandboxTarget(cmdlet.ClientOf(sandbox.Server), sandbox.Id));
        }

        return sessions.SelectMany(session => Resolve(cmdlet, session, sandboxes));
    }

    private static IEnumerable<SandboxTarget> Resolve(SandboxCommandBase cmdlet, SessionReference session, SandboxReference[]? sandboxes)
    {
        if (session.SandboxId is not { } own)
        {
            return sandboxes is null
                ? [new SandboxTarget(cmdlet.ClientOf(session.Server), cmdlet.ModuleState.DefaultSandbox, session.Id, cmdlet.Warn)]
                : sandboxes.Select(sandbox => new SandboxTarget(cmdlet.ClientOf(sandbox.Server), sandbox.Id, session.Id));
        }

        if (sandboxes is null)
        {
            return [new SandboxTarget(cmdlet.ClientOf(session.Server), own, session.Id)];
        }

        if (sandboxes.FirstOrDefault(sandbox => Agree(session, sandbox)) is { } named)
        {
            return [new SandboxTarget(cmdlet.ClientOf(session.Server ?? named.Server), own, session.Id)];
        }

        cmdlet.WriteError(Errors.SandboxMismatch(session, sandboxes[0]));
        return [];
    }

    private static bool Agree(ResourceReference session, SandboxReference sandbox) =>
        session.SandboxId == sandbox.Id && (session.Server is null || sandbox.Server is null || session.Server == sandbox.Server);
}
